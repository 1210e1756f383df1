// The blocks that an opened result consists of, each as a figure, a table or text; see viz/results_blocks.py.

import { COHORTS, INK, MUTED, Plot, figure } from "../charts.js";
import { h, table } from "../dom.js";
import { asDate, num, percent, plural, valueOf, when } from "../format.js";
import { corner } from "./corner.js";
import { sweep } from "./sweep.js";
import { frame } from "./page.js";
import { tick, ticks } from "./tick.js";

const PALE = "color-mix(in srgb, var(--blue) 38%, var(--bg))";
const finite = Number.isFinite;

/** @param opened the whole answer, for dates and names */
export function block(one, opened) {
  const make = { bars, points, intervals, fan, matrix, boxes, corner, sweep, table: rows, text, page: frame }[one.type];
  return make ? make(one, opened) : null;
}

function text({ title, lines }) {
  if (!lines.length) return null;
  return h("div", { class: "said" }, title ? h("h3", { text: title }) : null, lines.map((line) => h("p", { text: line })));
}

const cellOf = (kind) => (value) => {
  if (kind === "text" || typeof value === "string") return String(value ?? "–");
  return valueOf(kind === "percent" ? "share" : "")(value);
};

function rows(one) {
  const heads = one.columns.map(({ name, unit }) => (unit ? `${name}, ${unit}` : name));
  const made = table(one.title, one.columns.map(({ kind }, k) => [heads[k], (row) => cellOf(kind)(row[k]), kind === "text" ? "" : "r"]), one.rows, { empty: `${one.title}: nothing.` });
  const cut = one.cut ? h("p", { class: "note", text: `The first ${num(one.rows.length)} of ${num(one.rows.length + one.cut)} rows; the file beside it has all.` }) : null;
  return h("details", { class: "numbers-of", open: one.rows.length <= 12 }, h("summary", { text: `${one.title} (${plural(one.rows.length + one.cut, "row")})` }), one.note ? h("p", { class: "note", text: one.note }) : null, made, cut);
}

function bars(one) {
  const all = one.rows.filter(({ value }) => finite(value));
  if (!all.length) return h("p", { class: "empty", text: `${one.title}: there is nothing to draw.` });
  const split = all.some(({ part }) => finite(part));
  const colour = (row) => (row.faint ? "var(--ghost)" : split ? PALE : row.sign === -1 || row.value < 0 ? "var(--accent)" : "var(--blue)");
  const longest = Math.max(...all.map(({ name }) => name.length));
  const said = valueOf(one.unit);
  const nothing = all.every((row) => [row.value, row.low, row.high].every((value) => !value));
  return figure({
    title: one.title, unit: one.unit, note: [one.note, one.cut ? `The first ${all.length}; ${one.cut} more are in the table.` : ""].filter(Boolean).join(" "),
    key: split ? [["by itself (S1)", "var(--blue)", "square"], ["with others (up to ST)", PALE, "square"]] : all.some(({ sign }) => sign === -1) ? [["upwards as the factor grows", "var(--blue)", "square"], ["downwards", "var(--accent)", "square"], ...(all.some(({ faint }) => faint) ? [["no more than luck would show", "var(--ghost)", "square"]] : [])] : null,
    rows: () => ({ columns: ["name", "value", "low", "high", ...(split ? ["part"] : [])], rows: all.map(({ name, value, low, high, part }) => [name, value, low, high, ...(split ? [part] : [])]) }),
    draw: (width) => {
      const left = Math.min(12 + 6.3 * longest, width * 0.44);
      const chars = Math.max(8, Math.floor((left - 12) / 6.1));
      const end = (row) => Math.max(0, row.value, finite(row.high) ? row.high : 0);
      return {
        height: 34 + 25 * all.length, marginLeft: left, marginRight: 58, marginBottom: 24, marginTop: 6,
        x: { label: null, grid: true, ticks: width < 420 ? 3 : 5, tickFormat: ticks(one.unit), nice: true, ...(nothing ? { domain: [0, 1] } : {}) },
        y: { label: null, domain: all.map(({ name }) => name), tickSize: 0, padding: 0.3, tickFormat: (name) => (name.length > chars ? `${name.slice(0, chars - 1)}…` : name) },
        marks: [
          Plot.barX(all, { y: "name", x: "value", fill: colour, title: (row) => [row.name, said(row.value), finite(row.low) ? `${said(row.low)} to ${said(row.high)}` : "", row.note].filter(Boolean).join("\n"), tip: true }),
          split ? Plot.barX(all.filter(({ part }) => finite(part)), { y: "name", x: (row) => Math.max(0, row.part), fill: "var(--blue)" }) : null,
          Plot.ruleY(all.filter(({ low, high }) => finite(low) && finite(high)), { y: "name", x1: "low", x2: "high", stroke: INK, strokeWidth: 1.3 }),
          finite(one.threshold) ? Plot.ruleX([one.threshold], { stroke: MUTED, strokeDasharray: "3 3" }) : null,
          Plot.ruleX([0], { stroke: MUTED }),
          Plot.text(all, { y: "name", x: end, text: (row) => said(row.value), dx: 6, textAnchor: "start", fill: INK }),
        ],
      };
    },
  });
}

function points(one) {
  const all = one.points.filter(({ x, y }) => finite(x) && finite(y));
  if (!all.length) return h("p", { class: "empty", text: `${one.title}: there is nothing to draw.` });
  const groups = [...new Set(all.map(({ group }) => group ?? ""))];
  const colours = new Map(groups.map((group, k) => [group, groups.length === 1 ? "var(--blue)" : (COHORTS[k] ?? MUTED)]));
  const colour = ({ group }) => colours.get(group ?? "");
  const joined = one.line === true ? all : one.line ? all.filter(({ group }) => group === one.line) : [];
  const scale = (axis, k) => {
    const ends = [axis, `${axis}_low`, `${axis}_high`];
    const values = all.flatMap((each) => ends.map((end) => each[end])).filter(finite);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const pad = 0.04 * (high - low || 1);
    return [one.diagonal ? 0 : low - pad, (one.diagonal && k ? high : high) + pad];
  };
  const label = ({ label: words, unit }) => (unit ? `${words} (${unit})` : words);
  const named = one.named || one.diagonal || all.length <= 6;
  return figure({
    title: one.title, note: one.note, height: 330,
    key: groups.length > 1 && groups.length < 9 ? groups.map((group) => [group, colours.get(group)]) : null,
    rows: () => ({ columns: ["name", one.x.label, one.y.label, "group"], rows: all.map(({ name, x, y, group }) => [name, x, y, group ?? ""]) }),
    draw: (width) => {
      const [xs, ys] = [scale("x", 0), scale("y", 1)];
      return {
        marginLeft: 54, marginBottom: 40, marginRight: named ? 90 : 24, marginTop: 24,
        x: { label: `${label(one.x)} →`, labelAnchor: "right", labelArrow: "none", domain: xs, grid: true, ticks: width < 420 ? 4 : 7, tickFormat: ticks(one.x.unit) },
        y: { label: `↑ ${label(one.y)}`, labelArrow: "none", domain: ys, grid: true, ticks: 6, tickFormat: ticks(one.y.unit) },
        marks: [
          one.diagonal ? Plot.line([[0, 0], [Math.min(xs[1], ys[1]), Math.min(xs[1], ys[1])]], { stroke: MUTED, strokeDasharray: "3 3" }) : null,
          ys[0] < 0 && ys[1] > 0 ? Plot.ruleY([0], { stroke: MUTED, strokeOpacity: 0.6 }) : null,
          Plot.ruleY(all.filter(({ x_low: low }) => finite(low)), { y: "y", x1: "x_low", x2: "x_high", stroke: colour, strokeOpacity: 0.45 }),
          Plot.ruleX(all.filter(({ y_low: low }) => finite(low)), { x: "x", y1: "y_low", y2: "y_high", stroke: colour, strokeOpacity: 0.45 }),
          joined.length > 1 ? Plot.line(one.line === true ? joined : [...joined].sort((a, b) => a.x - b.x), { x: "x", y: "y", stroke: "var(--ghost)", strokeWidth: 1.5 }) : null,
          Plot.dot(all, { x: "x", y: "y", fill: colour, stroke: "var(--bg)", r: width < 420 ? 4 : 5, title: (each) => [each.name, ...["x", "y"].map((axis) => `${one[axis].label}: ${valueOf(one[axis].unit)(each[axis])}${finite(each[`${axis}_low`]) ? ` (${valueOf(one[axis].unit)(each[`${axis}_low`])} to ${valueOf(one[axis].unit)(each[`${axis}_high`])})` : ""}`), ...(each.words ?? "").split("; ")].filter(Boolean).join("\n"), tip: true }),
          Plot.dot(all.filter(({ chosen }) => chosen), { x: "x", y: "y", stroke: INK, strokeWidth: 2, r: 9 }),
          named ? Plot.text(all, { x: "x", y: "y", text: ({ name }) => (name.length > 22 ? `${name.slice(0, 21)}…` : name), dx: 9, textAnchor: "start", fill: INK }) : null,
        ],
      };
    },
  });
}

/** Predicted beside observed: rows of people as shares of all, shares as they are, ratios on an axis of their own. */
function intervals(one) {
  const ratio = one.rows.filter(({ of }) => of === 0);
  const shares = one.rows.filter(({ of }) => of > 0);
  return h("div", { class: "stacked" }, [[shares, true], [ratio, false]].filter(([list]) => list.length).map(([list, asShare]) => {
    const scaled = list.map((row) => {
      const by = asShare ? row.of || 1 : 1;
      const to = (value) => (finite(value) ? value / by : NaN);
      return { ...row, by, low: to(row.low), high: to(row.high), middle: to(row.middle), seen_low: to(row.seen_low), seen_high: to(row.seen_high) };
    });
    const said = (row, value) => (asShare && row.by === 1 ? percent(value) : num(value * row.by));
    const longest = Math.max(...scaled.map(({ name }) => name.length));
    const fitted = scaled.some(({ seen_low: low }) => finite(low));
    return figure({
      title: asShare ? one.title : "Ratios of moves, predicted", note: one.note, unit: asShare ? "share that left (of cohorts), or stayed (of retention)" : "moves out per move back, logarithmic",
      key: [[`${one.bars} predicted`, PALE, "square"], ["mean", "var(--blue)"], ...(fitted ? [["observed", "var(--accent)", "line"]] : [])],
      rows: () => ({ columns: ["row", "of", "p10", "middle", "p90", "observed low", "observed high", "status"], rows: list.map((row) => [row.name, row.of, row.low, row.middle, row.high, row.seen_low, row.seen_high, row.words]) }),
      draw: (width) => {
        const left = Math.min(12 + 6.2 * longest, width * 0.46);
        const chars = Math.max(8, Math.floor((left - 12) / 6.1));
        return {
          height: 40 + 25 * scaled.length, marginLeft: left, marginRight: 66, marginBottom: 26, marginTop: 6,
          x: asShare ? { domain: [0, 1], label: null, grid: true, ticks: width < 420 ? 3 : 5, tickFormat: "%" } : { type: "log", label: null, grid: true, ticks: 4, tickFormat: tick },
          y: { label: null, domain: scaled.map(({ name }) => name), tickSize: 0, padding: 0.34, tickFormat: (name) => (name.length > chars ? `${name.slice(0, chars - 1)}…` : name) },
          marks: [
            Plot.barX(scaled.filter(({ low, high }) => finite(low) && (asShare || (low > 0 && high > 0))), { y: "name", x1: "low", x2: "high", fill: PALE, title: (row) => [row.name, `predicted ${said(row, row.low)} to ${said(row, row.high)}, middle ${said(row, row.middle)}${row.by > 1 ? ` of ${row.by}` : ""}`, finite(row.seen_low) ? `observed ${said(row, row.seen_low)} to ${said(row, row.seen_high)}` : "no observed value: to be predicted", row.words].join("\n"), tip: true }),
            Plot.dot(scaled.filter(({ middle }) => finite(middle) && (asShare || middle > 0)), { y: "name", x: "middle", fill: "var(--blue)", r: 4 }),
            Plot.tickX(scaled.filter(({ seen_low: low, seen_high: high }) => finite(low) && low === high), { y: "name", x: "seen_low", stroke: "var(--accent)", strokeWidth: 3 }),
            Plot.ruleY(scaled.filter(({ seen_low: low, seen_high: high }) => finite(low) && low !== high), { y: "name", x1: "seen_low", x2: "seen_high", stroke: "var(--accent)", strokeWidth: 3 }),
            Plot.text(scaled, { y: "name", frameAnchor: "right", dx: 6, textAnchor: "start", text: (row) => (finite(row.middle) ? `${said(row, row.middle)}${row.by > 1 ? ` of ${row.by}` : ""}` : "–"), fill: INK }),
          ],
        };
      },
    });
  }));
}

function fan(one, opened) {
  const { from } = opened.facts_by;
  const dates = Array.from(one.middle, (_, k) => asDate(from, one.first + k));
  const months = dates.map((date, k) => ({ date, low: one.low[k], high: one.high[k], innerLow: one.inner_low[k], innerHigh: one.inner_high[k], middle: one.middle[k] })).filter(({ middle }) => finite(middle));
  const seen = one.seen.filter(({ date }) => date).map((each) => ({ ...each, at: asDate(each.date, 0) }));
  const known = seen.filter(({ low }) => finite(low));
  return figure({
    title: one.title, unit: one.unit, note: one.note, height: 240,
    key: [["median", "var(--blue)", "line"], ["half of the histories", PALE, "square"], ...(known.length ? [["observed", "var(--accent)", "line"]] : [])],
    rows: () => ({ columns: ["month", "5 %", "25 %", "50 %", "75 %", "95 %"], rows: months.map((month) => [month.date.toISOString().slice(0, 7), month.low, month.innerLow, month.middle, month.innerHigh, month.high]) }),
    draw: (width) => ({
      x: { type: "utc", label: null, ticks: width < 400 ? 3 : 6 }, y: { label: null, grid: true, domain: [0, one.whole], ticks: 5 },
      marks: [
        Plot.areaY(months, { x: "date", y1: "low", y2: "high", fill: "var(--blue)", fillOpacity: 0.14, curve: "step-after" }),
        Plot.areaY(months, { x: "date", y1: "innerLow", y2: "innerHigh", fill: "var(--blue)", fillOpacity: 0.25, curve: "step-after" }),
        Plot.lineY(months, { x: "date", y: "middle", stroke: "var(--blue)", strokeWidth: 2, curve: "step-after" }),
        Plot.ruleX(known, { x: "at", y1: "low", y2: (each) => Math.max(each.high, each.low + one.whole * 0.006), stroke: "var(--accent)", strokeWidth: 4, title: (each) => `${when(each.date)}: ${each.low} to ${each.high} observed`, tip: true }),
        Plot.ruleX(seen.filter(({ low }) => !finite(low)), { x: "at", stroke: MUTED, strokeDasharray: "2 4" }),
      ],
    }),
  });
}

/** A table of cells with shades: payoffs, strengths. */
function matrix(one) {
  const values = one.cells.flat().map(({ value }) => value).filter(finite);
  const [low, high] = [Math.min(0, ...values), Math.max(...values, 1e-9)];
  const shade = ({ value }) => (one.shade && finite(value) ? `--shade:${Math.round((46 * (value - low)) / (high - low || 1))}%` : null);
  const csv = () => ({ columns: ["row", ...one.columns], rows: one.rows.map((name, k) => [name, ...one.cells[k].map(({ lines }) => lines.join(" / "))]) });
  const grid = h("table", { class: "matrix" }, h("caption", { class: "unseen", text: one.title }),
    h("thead", {}, h("tr", {}, h("td", {}), one.columns.map((name) => h("th", { scope: "col", text: name })))),
    h("tbody", {}, one.rows.map((name, k) => h("tr", {}, h("th", { scope: "row", text: name }), one.cells[k].map((cell) => h("td", { class: [cell.mark ? "marked" : "", cell.faint ? "faint" : ""].join(" "), style: shade(cell), title: [cell.mark, cell.words].filter(Boolean).join(". ") || null },
      cell.lines.map((line) => h("span", { text: line })), cell.mark ? h("em", { text: cell.mark }) : null))))));
  return h("figure", { class: "chart" }, h("figcaption", {}, h("span", { class: "title", text: one.title }), csvButton(one.title, csv), h("p", { class: "note", text: one.note })), h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": one.title }, grid));
}

function csvButton(title, rowsOf) {
  return h("button", { type: "button", class: "quiet save", text: "CSV", "aria-label": `Save as CSV: ${title}`, onclick: async () => {
    const { toCsv } = await import("../charts.js");
    const { download } = await import("../dom.js");
    download(`${title.toLowerCase().replace(/\W+/g, "-").slice(0, 60)}.csv`, toCsv(rowsOf()), "text/csv");
  } });
}

function boxes(one) {
  if (!one.rows.length) return h("p", { class: "empty", text: `${one.title}: no factor is restricted.` });
  const longest = Math.max(...one.rows.map(({ name }) => name.length));
  return figure({
    title: one.title, note: one.note, unit: "limits as shares of each range",
    rows: () => ({ columns: ["factor", "from", "to", "limits"], rows: one.rows.map(({ name, from, to, words }) => [name, from, to, words]) }),
    draw: (width) => ({
      height: 50 + 38 * one.rows.length, marginLeft: Math.min(14 + 6.4 * longest, width * 0.4), marginRight: 20, marginBottom: 28,
      x: { domain: [0, 1], label: null, ticks: [0, 0.5, 1], tickFormat: (v) => ["low end", "middle", "high end"][v * 2] },
      y: { label: null, domain: one.rows.map(({ name }) => name), tickSize: 0, padding: 0.45 },
      marks: [
        Plot.barX(one.rows, { y: "name", x1: 0, x2: 1, fill: "var(--line)" }),
        Plot.barX(one.rows, { y: "name", x1: "low", x2: "high", fill: "var(--blue)", title: ({ words, note }) => `${words}\n${note}`, tip: true }),
        Plot.text(one.rows, { y: "name", x: ({ low, high }) => (low + high) / 2, text: ({ words, name }) => words.slice(name.length + 2), fill: "var(--bg)", fontWeight: 600 }),
      ],
    }),
  });
}

