// Charts with Observable Plot, in our colours, each a <figure> with a title, a unit, a table of its numbers for those who
// cannot see it, and buttons that save it as PNG, SVG or CSV. Names and numbers reach the page as text nodes.

import { Plot } from "../vendor/plot.js";
import { download, h, swap, table, toast, waits } from "./dom.js";
import { num } from "./format.js";
import { asPng, asText, framed, sourceOf } from "./pictures.js";

/** Colours of employers, in the order in which they are given out; the last is for "the others". */
export const COLOURS = ["var(--accent)", "var(--c1)", "var(--c2)", "var(--c3)", "var(--c4)", "var(--c5)", "var(--c6)", "var(--rest)"];
/** Colours of cohorts. What is neither an employer nor a cohort, such as a single curve, is drawn in ink. */
export const COHORTS = [1, 2, 3, 4, 5, 6].map((k) => `var(--k${k})`);
export const INK = "var(--ink)";
export const MUTED = "var(--muted)";
/** What speaks for going, or raises a number, and what speaks for staying, or lowers it: the same on every page. */
export const GOING = "var(--going)";
export const STAYING = "var(--staying)";

const SAVED_WIDTH = 640; // pixels: a picture that is saved is not as small as the smallest on the page
const SAVED_HEIGHT = 260;
const BASE = { marginTop: 16, marginRight: 16, marginBottom: 26, marginLeft: 44, style: { background: "none", fontFamily: "var(--sans)", fontSize: "11.5px", color: "var(--muted)", overflow: "visible" } };

/**
 * A figure.
 * @param title, note   in words; the note says how to read it
 * @param full    the title where the drawing stands alone, if its place on the page says a part of it
 * @param draw  (width) => Plot options (marks, x, y, height ...) or a finished SVG node; called again when the width changes
 * @param rows  () => { columns: [names], rows: [[...]] } for the table and CSV
 * @param key     [[words, colour, shape]] above the drawing, or a function that gives it
 * @param legend  the same for a saved picture alone: what the page says in other places
 * @returns a <figure> with `.refresh()`
 */
export function figure({ title, full = null, note = "", unit = "", draw, rows, height = 180, key = null, legend = key, compact = false }) {
  const host = h("div", { class: "plot", role: "img", "aria-label": full ?? title });
  const keyHost = h("div", { class: "key" });
  const paint = (wide, high) => {
    const made = draw(wide);
    return made instanceof Node || !made ? made : Plot.plot({ ...BASE, width: wide, height: high, ...made });
  };
  const saved = () => {
    const drawing = paint(Math.max(width, SAVED_WIDTH), compact ? Math.max(height, SAVED_HEIGHT) : height);
    if (!drawing) return null;
    const size = Object.fromEntries(["width", "height"].map((name) => [name, Number(drawing.getAttribute(name))]));
    const said = full ?? node.querySelector("figcaption .title").textContent; // which may have changed
    return framed(drawing, { title: said, unit, note, key: (typeof legend === "function" ? legend() : legend) ?? [], source: sourceOf(node), ...size });
  };
  const menu = rows ? saveMenu(full ?? title, saved, rows) : null;
  const node = h("figure", { class: compact ? "chart compact" : "chart" },
    h("figcaption", {}, h("span", { class: "title", text: title }), unit ? h("span", { class: "unit", text: unit }) : null, menu, note ? h("p", { class: "note", text: note }) : null),
    key ? keyHost : null, host);
  let width = 0;
  node.refresh = () => {
    width = host.clientWidth;
    if (width < 40) return;
    const picture = paint(width, height) ?? h("p", { class: "empty", text: "Nothing to draw yet." });
    picture.setAttribute?.("aria-hidden", "true");
    swap(host, picture);
    if (key) swap(keyHost, (typeof key === "function" ? key() : key).map(([words, colour, shape]) => h("span", {}, h("i", { class: `swatch ${shape ?? ""}`, style: `--swatch:${colour}` }), words)));
  };
  new ResizeObserver(() => {
    if (Math.abs(host.clientWidth - width) > 1) node.refresh();
  }).observe(host);
  node.describe = (words) => host.setAttribute("aria-label", `${full ?? title}. ${words}`);
  return node;
}

/** Save a chart or its numbers; a table of the numbers opens below. `framedOf` gives the picture, null if there is none. */
function saveMenu(title, framedOf, rows) {
  const name = title.toLowerCase().replace(/\W+/g, "-").slice(0, 60);
  const drawn = (save) => () => {
    const frame = framedOf();
    return frame ? save(frame) : toast(`“${title}” is not drawn yet: there is nothing to save.`);
  };
  const csv = () => download(`${name}.csv`, toCsv(rows()), "text/csv");
  const items = [
    ["PNG", drawn(async (frame) => download(`${name}.png`, await asPng(frame)))],
    ["SVG", drawn((frame) => download(`${name}.svg`, asText(frame), "image/svg+xml"))],
    ["CSV", csv],
    ["Numbers", (details) => {
      const { columns, rows: all } = rows();
      showNumbers(title, columns, all, details);
    }],
  ];
  const details = h("details", { class: "save" }, h("summary", { "aria-label": `Save or read the numbers of: ${title}`, text: "Save" }),
    h("div", { class: "menu" }, items.map(([words, run]) => h("button", { type: "button", text: words, onclick: waits(async () => {
      details.open = false;
      await run(details);
    }) }))));
  details.addEventListener("toggle", () => {
    if (!details.open) return;
    const at = details.getBoundingClientRect(); // fixed, since a row of charts cuts off what leaves it
    const menu = details.querySelector(".menu");
    const height = menu.offsetHeight;
    Object.assign(menu.style, { left: `${at.right - menu.offsetWidth}px`, top: `${at.bottom + height > innerHeight ? at.top - height : at.bottom}px` });
  });
  details.addEventListener("focusout", (event) => {
    if (!details.contains(event.relatedTarget)) details.open = false;
  });
  details.addEventListener("keydown", (event) => {
    if (event.key === "Escape") details.open = false;
  });
  return details;
}

function showNumbers(title, columns, rows, from) {
  const dialog = h("dialog", { class: "numbers", "aria-label": title },
    h("div", { class: "dialog-head" }, h("h2", { text: title }), h("button", { type: "button", text: "Close", onclick: () => dialog.close() })),
    table(title, columns.map((column, k) => [column, (row) => (typeof row[k] === "number" ? num(row[k]) : String(row[k] ?? "")), typeof rows[0]?.[k] === "number" ? "r" : ""]), rows.slice(0, 500), { hideCaption: true }));
  dialog.addEventListener("close", () => {
    dialog.remove();
    from.querySelector("summary")?.focus();
  });
  (document.getElementById("talent") ?? document.body).append(dialog);
  dialog.showModal();
}

/** Comma separated; a text that a spreadsheet would take for a formula gets an apostrophe. */
export function toCsv({ columns, rows }) {
  const cell = (value) => {
    if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
    let text = value === null || value === undefined ? "" : String(value);
    if (/^[=+\-@\t\r]/.test(text)) text = `'${text}`;
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

// ---- kinds of charts that several pages share ----------------------------------------------------------------------

/** Plot options of lines over months. `series`: [{name, colour, values, dashed}], values by month from `first`. */
export function timeLines(series, { dates, marks = [], cursor = null, zero = true, percent = false, width, names = true, from = 0 }) {
  const points = series.flatMap(({ name, colour, values, dashed }) => Array.from(values, (value, month) => ({ name, colour, dashed, value, date: dates[from + month] }))).filter((point) => Number.isFinite(point.value));
  if (!points.length) return null;
  const last = series.map(({ name, colour, values }) => {
    let k = values.length - 1;
    while (k > 0 && !Number.isFinite(values[k])) k -= 1;
    return { name, colour, value: values[k], date: dates[from + k] };
  }).filter((point) => Number.isFinite(point.value));
  const longest = width < 300 ? 14 : 24; // characters of a name beside its line
  const labels = names && series.length > 1 ? Plot.text(apart(last), { x: "date", y: "at", text: (end) => (end.name.length > longest ? `${end.name.slice(0, longest - 1)}…` : end.name), fill: (end) => inked(end.colour), textAnchor: "start", dx: 5, fontWeight: 600 }) : null;
  const marginRight = labels ? Math.min(0.36 * width, 10 + 6.2 * Math.max(...series.map(({ name }) => Math.min(longest, name.length)))) : 14;
  const inner = width - 44 - marginRight;
  return {
    marginRight,
    x: { type: "utc", domain: [dates[0], dates.at(-1)], ticks: inner < 130 ? 2 : inner < 220 ? 3 : 5, label: null, tickSize: 3 },
    y: { label: null, grid: true, ticks: 4, zero, tickFormat: percent ? "%" : (v) => num(v, Number.isInteger(v) ? 0 : undefined), nice: true },
    color: { type: "identity" },
    marks: [
      ...marks,
      Plot.lineY(points.filter((p) => !p.dashed), { x: "date", y: "value", stroke: "colour", z: "name", strokeWidth: 1.9, curve: "linear" }),
      Plot.lineY(points.filter((p) => p.dashed), { x: "date", y: "value", stroke: "colour", z: "name", strokeWidth: 1.6, strokeDasharray: "4 3" }),
      points.length < 3 * series.length ? Plot.dot(points, { x: "date", y: "value", fill: "colour", r: 2.5 }) : null,
      cursor ? Plot.ruleX([cursor], { stroke: INK, strokeOpacity: 0.55 }) : null,
      labels,
    ],
  };

  function apart(ends) {
    const [low, high] = [Math.min(0, ...points.map((p) => p.value)), Math.max(...points.map((p) => p.value))];
    const gap = (high - low || 1) * 0.11;
    const sorted = [...ends].sort((a, b) => a.value - b.value).map((end) => ({ ...end, at: end.value }));
    for (let k = 1; k < sorted.length; k += 1) if (sorted[k].at - sorted[k - 1].at < gap) sorted[k].at = sorted[k - 1].at + gap;
    return sorted;
  }
}

/** The numbers of series by month, for a table and for CSV. */
export function monthRows(market, series) {
  return { columns: ["month", ...series.map(({ name }) => name)], rows: market.reports.map((_, month) => [market.dateOf(month), ...series.map(({ values }) => values[month])]) };
}

/**
 * A figure of curves by month with its events; what is a function is asked again each time it is drawn.
 * @param market, series  () => the market, and its series as for `timeLines`
 * @param marks, lines    () => events at the foot, and further options of `timeLines`; `look` is as for `figure`
 */
export function monthCurves({ market, series, marks = () => market().marks, lines = () => ({}), ...look }) {
  const pulled = () => market().pulls.length > 0;
  return figure({
    legend: () => [...series().map(({ name, colour, dashed }) => [name, colour, dashed ? "dashed" : "line"]), ["events imposed", "var(--accent)", "dashed"], ["events only observed", "var(--ghost)", "dashed"], ...(pulled() ? [["what was pulled", "var(--blue)", "dashed"]] : [])],
    ...look,
    draw: (width) => (market()?.month ? timeLines(series(), { dates: market().dates, marks: eventMarks(marks(), market().dates), width, ...lines() }) : null),
    rows: () => monthRows(market(), series()),
  });
}

/** A band between two curves over months, and its middle: for fans and differences. */
export function band({ dates, low, high, middle, colour = "var(--blue)", opacity = 0.18, name = "band", from = 0 }) {
  const rows = Array.from(middle ?? low, (_, k) => ({ date: dates[from + k], low: low[k], high: high[k], middle: middle?.[k] })).filter((row) => Number.isFinite(row.low));
  return [
    Plot.areaY(rows, { x: "date", y1: "low", y2: "high", fill: colour, fillOpacity: opacity, curve: "step-after", ariaLabel: () => name }),
    middle ? Plot.lineY(rows, { x: "date", y: "middle", stroke: colour, strokeWidth: 2, curve: "step-after" }) : null,
  ];
}

/** Thin ticks where dated events fall, at the foot of a chart. */
export function eventMarks(events, dates) {
  const seen = events.filter((event) => event.month >= 0 && event.month < dates.length);
  return [Plot.ruleX(seen, { x: (event) => dates[event.month], stroke: (event) => (event.pull ? "var(--blue)" : event.imposed ? "var(--accent)" : "var(--ghost)"), strokeOpacity: 0.5, strokeDasharray: "1 3" })];
}

/** The colour in which the name of a group is written: its own, or a darker sister that can be read. */
export const inked = (colour) => colour.replace(/^var\(--(accent|[ck]\d|rest)\)$/, "var(--$1-text)");

/** Horizontal bars from zero, with intervals: [{name, value, low, high}]; for reasons, waterfalls of terms, tornados. */
export function bars(rows, { width, left = 150, format = num, colour = (row) => (row.value < 0 ? STAYING : GOING) }) {
  return {
    height: 26 + 24 * rows.length,
    marginLeft: Math.min(left, width * 0.45),
    marginRight: 56,
    marginBottom: 22,
    x: { label: null, grid: true, ticks: 4, tickFormat: (v) => num(v) },
    y: { label: null, domain: rows.map((row) => row.name), tickSize: 0, padding: 0.28 },
    marks: [
      Plot.barX(rows, { y: "name", x: "value", fill: colour }),
      Plot.ruleY(rows.filter((row) => Number.isFinite(row.low)), { y: "name", x1: "low", x2: "high", stroke: INK, strokeWidth: 1.4 }),
      Plot.ruleX([0], { stroke: MUTED }),
      Plot.text(rows, { y: "name", x: (row) => Math.max(0, row.value, Number.isFinite(row.high) ? row.high : 0), text: (row) => format(row.value), dx: 6, textAnchor: "start", fill: INK }),
    ],
  };
}

export { Plot };
