// Pictures as files of their own: whoever gets one can read what it shows, in which unit, of which scenario, seed and month.

import { h, s } from "./dom.js";
import { plural, when } from "./format.js";

const PAD = 20;
const NARROWEST = 480; // so that the words around a small drawing have room
const FINE = 2; // pixels of a PNG for each pixel of the page
const SIZES = { title: 17, unit: 12.5, note: 12, key: 12.5, source: 11 };
const SWATCH = 16;

/** Where a picture is from: the lines that the nearest part of the page gives, by its property `source`. */
export function sourceOf(node) {
  for (let at = node; at; at = at.parentNode) if (at.source) return at.source();
  return [];
}

/** The lines about a market; `whole`: histories to the end, not the months run so far; `pulled`: with what was pulled. */
export function aboutMarket(market, { whole = false, pulled = true } = {}) {
  if (!market) return [];
  const last = whole ? market.months : market.month;
  const pulls = pulled && market.pulls.length ? `, with ${plural(market.pulls.length, "pull")}: ${market.pulls.map(({ words }) => words).join("; ")}` : "";
  return [
    `${market.title}. Scenario ${market.name}${market.own ? " (made by a reader)" : ""}, seed ${market.seed}${pulls}.`,
    last ? `Simulated months: ${when(market.start)} – ${when(market.dateOf(last - 1))}.` : `Before the first month, ${when(market.start)}.`,
  ];
}

/**
 * A drawing with everything around it that a reader needs, as an SVG element with colours written out.
 * @param drawing  an <svg> or <image> of a width and a height
 * @param told     { title, unit, note, key: [[words, colour, shape]], source: [lines], width, height }
 */
export function framed(drawing, { title, unit = "", note = "", key = [], source = [], width, height }) {
  const inner = Math.max(NARROWEST, width);
  const parts = [];
  let y = PAD;
  const lines = (text, kind, look, leading = 1.35) => {
    const size = SIZES[kind];
    for (const line of text ? wrapped(text, inner, `${look["font-weight"] ?? 400} ${size}px sans-serif`) : []) {
      y += size * leading;
      parts.push(s("text", { x: PAD, y: y - size * 0.25, "font-size": size, ...look, text: line }));
    }
  };
  lines(title, "title", { fill: "var(--ink)", "font-weight": 600 });
  lines(unit, "unit", { fill: "var(--muted)" });
  lines(note, "note", { fill: "var(--muted)" });
  if (key.length) y = keyed(parts, key, y + 8, inner);
  y += 10;
  drawing.setAttribute("x", PAD);
  drawing.setAttribute("y", y);
  drawing.setAttribute("width", width);
  drawing.setAttribute("height", height);
  drawing.style.overflow = "visible";
  parts.push(drawing);
  y += height + 14;
  for (const line of [...source, `The market for AI talent: a simulation, no person in it is real. Saved ${today()}.`]) lines(line, "source", { fill: "var(--muted)" });
  const [wide, high] = [inner + 2 * PAD, Math.ceil(y + PAD * 0.8)];
  const frame = s("svg", { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${wide} ${high}`, width: wide, height: high, "font-family": "sans-serif", color: "var(--muted)" },
    s("title", { text: title }), s("desc", { text: source.join(" ") }), s("rect", { width: "100%", height: "100%", fill: "var(--bg)" }), parts);
  return written(frame);
}

/** The entries of a key in lines, each with its swatch; gives the height at which they end. */
function keyed(parts, key, top, width) {
  let [x, y] = [PAD, top + SIZES.key];
  for (const [words, colour, shape] of key) {
    const needed = SWATCH + 6 + measured(words, `400 ${SIZES.key}px sans-serif`) + 16;
    if (x > PAD && x + needed > PAD + width) [x, y] = [PAD, y + SIZES.key * 1.5];
    parts.push(swatch(shape, x, y - SIZES.key * 0.35, colour), s("text", { x: x + SWATCH + 6, y, "font-size": SIZES.key, fill: "var(--muted)", text: words }));
    x += needed;
  }
  return y + 4;
}

function swatch(shape, x, y, colour) {
  if (shape === "line" || shape === "dashed") return s("line", { x1: x, x2: x + SWATCH, y1: y, y2: y, stroke: colour, "stroke-width": 2.5, "stroke-dasharray": shape === "dashed" ? "4 3" : null });
  if (shape === "square") return s("rect", { x: x + 3, y: y - 5, width: 10, height: 10, fill: colour });
  if (shape === "diamond") return s("path", { d: `M${x + 8},${y - 6}l6,6l-6,6l-6,-6z`, fill: "none", stroke: colour, "stroke-width": 1.5 });
  return s("circle", { cx: x + 8, cy: y, r: 5, fill: colour });
}

/** A framed picture as the text of a file. */
export function asText(frame) {
  return new XMLSerializer().serializeToString(frame);
}

/** A framed picture as PNG, twice as fine as on the screen. */
export function asPng(frame) {
  const [width, height] = ["width", "height"].map((name) => Number(frame.getAttribute(name)));
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => {
      const canvas = h("canvas", { width: Math.ceil(width * FINE), height: Math.ceil(height * FINE) });
      const pen = canvas.getContext("2d");
      pen.scale(FINE, FINE);
      pen.drawImage(image, 0, 0, width, height);
      canvas.toBlob((made) => (made ? resolve(made) : reject(new Error("the picture could not be made: it is too large"))), "image/png");
    };
    image.onerror = () => reject(new Error("the picture could not be made"));
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(asText(frame))}`;
  });
}

/** The same element with the page's variables replaced by their colours, since a file has no page around it. */
function written(frame) {
  const style = getComputedStyle(document.documentElement);
  const value = (text) => flat(text.replace(/var\((--[\w-]+)\)/g, (_, name) => style.getPropertyValue(name).trim()));
  for (const node of [frame, ...frame.querySelectorAll("*")]) {
    for (const { name, value: text } of [...node.attributes]) if (text.includes("var(")) node.setAttribute(name, value(text));
  }
  return frame;
}

/** A mixture of colours as one colour: other programs do not know `color-mix`. */
function flat(text) {
  if (!text.startsWith("color-mix(")) return text;
  const pen = h("canvas", { width: 1, height: 1 }).getContext("2d");
  pen.fillStyle = text;
  pen.fillRect(0, 0, 1, 1);
  const [r, g, b] = pen.getImageData(0, 0, 1, 1).data;
  return `rgb(${r}, ${g}, ${b})`;
}

let pen = null;
function measured(text, font) {
  pen ??= h("canvas").getContext("2d");
  pen.font = font;
  return pen.measureText(text).width;
}

function wrapped(text, width, font) {
  const lines = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line && measured(`${line} ${word}`, font) > width) {
      lines.push(line);
      line = word;
    } else line = line ? `${line} ${word}` : word;
  }
  return line ? [...lines, line] : lines;
}

function today() {
  const now = new Date();
  return `${now.getDate()} ${when(`${now.getFullYear()}-${now.getMonth() + 1}`)}`;
}
