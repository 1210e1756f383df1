// A sweep: a heat map of two factors, the mean over all others in each cell, and lines of one factor.

import { INK, MUTED, Plot, figure } from "../charts.js";
import { h, labelled, select } from "../dom.js";
import { num, plural, valueOf } from "../format.js";
import { tick, ticks } from "./tick.js";

const CELLS = 8; // across, where values are spread evenly
const FEW = 24; // distinct values that are shown as they are
const ALONE = 30; // points that are drawn one by one where a factor has no levels: a mean of four is no curve

export function sweep(one) {
  const factors = one.factors.map((factor, k) => ({ ...factor, k, bins: bins(factor, one.x[k]) }));
  const state = { outcome: 0, x: 0, y: Math.min(1, factors.length - 1) };
  const outcome = () => one.outcomes[state.outcome];
  const rowsOf = () => ({
    columns: [...factors.map(({ name }) => name), ...one.outcomes.map(({ name }) => name)],
    rows: Array.from(one.y[0], (_, p) => [...factors.map((factor, k) => (factor.levels.length ? factor.levels[one.x[k][p]] : one.x[k][p])), ...one.outcomes.map((_, o) => one.y[o][p])]),
  });
  const heat = figure({ title: "Two factors", height: 340, rows: rowsOf, draw: (width) => heatMap(one, factors, state, width) });
  const lines = figure({ title: "One factor", height: 260, rows: rowsOf, draw: (width) => line(one, factors, state, width) });
  const note = h("p", { class: "note" });
  const again = () => {
    const single = alone(one, factors[state.x], state.outcome);
    const { name, unit } = outcome();
    const called = unit ? `${name} (${unit})` : name;
    heat.querySelector(".title").textContent = `${called}: ${factors[state.x].name} by ${factors[state.y].name}`;
    lines.querySelector(".title").textContent = `${called} by ${factors[state.x].name}`;
    note.textContent = `Each cell is the mean over the points in it, whatever the other factors are there${one.replicates > 1 ? `; each point is a mean over ${plural(one.replicates, "replicate")}` : ""}. ${single ? "Below, each point by itself: they are too few for a curve." : "Lines: mean and middle half of the points."}`;
    heat.hidden = factors.length < 2;
    heat.refresh();
    lines.refresh();
  };
  const options = factors.map(({ name }, k) => [k, name]);
  const picks = [
    labelled("Outcome", select(one.outcomes.map(({ name }, k) => [k, name]), 0, (k) => {
      state.outcome = Number(k);
      again();
    })),
    labelled("Across", select(options, state.x, (k) => {
      state.x = Number(k);
      again();
    })),
    factors.length > 1 ? labelled("Up", select(options, state.y, (k) => {
      state.y = Number(k);
      again();
    })) : null,
  ];
  again();
  return h("div", { class: "sweep" }, h("h3", { text: one.title }), h("div", { class: "bar-row" }, picks), note, h("div", { class: "sweep-charts" }, heat, lines));
}

/** The cells of a factor: its levels, its distinct values if they are few, or equal parts of its range. */
function bins(factor, values) {
  if (factor.levels.length) return { names: factor.levels.map(String), of: (value) => value };
  const all = Array.from(values).filter(Number.isFinite);
  const distinct = [...new Set(all)].sort((a, b) => a - b);
  if (distinct.length <= FEW && all.length / Math.max(1, distinct.length) >= 1.9) {
    const place = new Map(distinct.map((value, k) => [value, k]));
    return { names: distinct.map(tick), of: (value) => place.get(value), exact: true };
  }
  const to = factor.log ? Math.log : (value) => value;
  const back = factor.log ? Math.exp : (value) => value;
  const [low, high] = [to(distinct[0]), to(distinct.at(-1))];
  const count = Math.max(2, Math.min(CELLS, Math.floor(Math.sqrt(all.length / 3))));
  const edge = (k) => back(low + ((high - low) * k) / count);
  return { names: Array.from({ length: count }, (_, k) => `${num(edge(k))} – ${num(edge(k + 1))}`), of: (value) => Math.min(count - 1, Math.max(0, Math.floor(((to(value) - low) / (high - low || 1)) * count))) };
}

function heatMap(one, factors, { outcome, x, y }, width) {
  const [across, up] = [factors[x], factors[y]];
  const sums = new Map();
  one.y[outcome].forEach((value, p) => {
    if (!Number.isFinite(value)) return;
    const [a, b] = [across.bins.of(one.x[x][p]), up.bins.of(one.x[y][p])];
    const key = `${a}|${b}`;
    const cell = sums.get(key) ?? { a, b, sum: 0, n: 0 };
    cell.sum += value;
    cell.n += 1;
    sums.set(key, cell);
  });
  const cells = [...sums.values()].map(({ a, b, sum, n }) => ({ x: across.bins.names[a], y: up.bins.names[b], value: sum / n, n }));
  if (!cells.length) return null;
  const said = sayer(one.outcomes[outcome]);
  const values = cells.map(({ value }) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const share = ({ value }) => (high > low ? (value - low) / (high - low) : 0.5);
  const room = (width - 110) / across.bins.names.length;
  const longest = Math.max(...up.bins.names.map((name) => name.length));
  const turned = Math.max(...across.bins.names.map((name) => name.length)) * 6.4 > room;
  return {
    height: 340, marginLeft: Math.min(40 + 6.4 * longest, width * 0.38), marginBottom: turned ? 92 : 44, marginTop: 28,
    x: { domain: across.bins.names, label: `${words(across)} →`, labelArrow: "none", labelAnchor: "right", tickSize: 0, tickRotate: turned ? -40 : 0 },
    y: { domain: [...up.bins.names].reverse(), label: `↑ ${words(up)}`, labelArrow: "none", tickSize: 0 },
    marks: [
      Plot.cell(cells, { x: "x", y: "y", inset: 0.5, fill: (cell) => `color-mix(in srgb, var(--blue) ${Math.round(4 + 42 * share(cell))}%, var(--bg))`, title: (cell) => `${across.name}: ${cell.x}\n${up.name}: ${cell.y}\n${one.outcomes[outcome].name}: ${said(cell.value)}\n${plural(cell.n, "point")}`, tip: true }),
      room > 34 ? Plot.text(cells, { x: "x", y: "y", text: ({ value }) => valueOf(one.outcomes[outcome].unit)(value), fill: INK }) : null,
    ],
  };
}

/** The points by one factor where they are drawn one by one; null where means over levels or cells say more. */
function alone(one, factor, outcome) {
  if (factor.levels.length || factor.bins.exact) return null;
  const all = Array.from(one.x[factor.k], (value, p) => ({ x: value, y: one.y[outcome][p] })).filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
  return all.length && all.length <= ALONE ? all : null;
}

function line(one, factors, { outcome, x }, width) {
  const factor = factors[x];
  const single = alone(one, factor, outcome);
  if (single) {
    const said = sayer(one.outcomes[outcome]);
    return {
      height: 260, marginBottom: 44, marginLeft: 54,
      x: { label: `${words(factor)} →`, labelArrow: "none", labelAnchor: "right", type: factor.log ? "log" : "linear", ticks: width < 420 ? 4 : 7, tickFormat: tick, nice: !factor.log, inset: 6 },
      y: { label: null, grid: true, ticks: 5, tickFormat: ticks(one.outcomes[outcome].unit), nice: true },
      marks: [Plot.dot(single, { x: "x", y: "y", fill: INK, r: 4.5, stroke: "var(--bg)", title: (each) => `${factor.name}: ${num(each.x)}\n${said(each.y)}`, tip: true })],
    };
  }
  const groups = factor.bins.names.map(() => []);
  one.y[outcome].forEach((value, p) => {
    if (Number.isFinite(value)) groups[factor.bins.of(one.x[x][p])]?.push(value);
  });
  const steps = groups.map((values, k) => {
    const sorted = values.toSorted((a, b) => a - b);
    const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
    return { name: factor.bins.names[k], mean: values.reduce((sum, value) => sum + value, 0) / (values.length || 1), low: at(0.25), high: at(0.75), n: values.length };
  }).filter(({ n }) => n);
  if (!steps.length) return null;
  const said = sayer(one.outcomes[outcome]);
  const room = (width - 70) / factor.bins.names.length;
  const turned = Math.max(...factor.bins.names.map((name) => name.length)) * 6.4 > room;
  return {
    height: 260, marginBottom: turned ? 92 : 44, marginLeft: 54,
    x: { type: "point", domain: factor.bins.names, label: `${words(factor)} →`, labelArrow: "none", labelAnchor: "right", tickRotate: turned ? -40 : 0, padding: 0.4 },
    y: { label: null, grid: true, ticks: 5, tickFormat: ticks(one.outcomes[outcome].unit), nice: true },
    marks: [
      Plot.ruleX(steps, { x: "name", y1: "low", y2: "high", stroke: INK, strokeWidth: 7, strokeOpacity: 0.25, strokeLinecap: "round" }),
      factor.levels.length ? null : Plot.lineY(steps, { x: "name", y: "mean", stroke: INK, strokeWidth: 2 }),
      Plot.dot(steps, { x: "name", y: "mean", fill: INK, r: 4.5, stroke: "var(--bg)", title: ({ name, mean, n }) => `${factor.name}: ${name}\nmean ${said(mean)}\n${plural(n, "point")}`, tip: true }),
      factor.levels.length ? Plot.text(steps, { x: "name", y: "mean", text: ({ mean }) => valueOf(one.outcomes[outcome].unit)(mean), dx: 10, textAnchor: "start", fill: MUTED }) : null,
    ],
  };
}

/** How a value of an outcome is told: with its unit, or in per cent. */
const sayer = ({ unit }) => (value) => (valueOf(unit)(value).endsWith("%") ? valueOf(unit)(value) : `${num(value)} ${unit}`);

const words = ({ name, unit }) => (unit ? `${name} (${unit})` : name);
