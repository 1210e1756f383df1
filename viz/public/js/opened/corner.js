// A posterior: marginals on the diagonal beside the flat prior, pairs of parameters below it.

import { INK, MUTED, Plot, figure } from "../charts.js";
import { h } from "../dom.js";
import { tick } from "./tick.js";

const BINS = 24;

export function corner(one) {
  const n = one.names.length;
  const weights = Array.from(one.weight);
  const largest = Math.max(...weights);
  const column = (k) => one.values.map((row) => row[k]);
  const scale = (k) => ({ domain: [one.low[k], one.high[k]], type: one.log[k] ? "log" : "linear", label: null, ticks: 3, tickFormat: tick });
  const rows = () => ({ columns: [...one.names, "weight"], rows: one.values.map((row, i) => [...row, weights[i]]) });
  const panels = [];
  for (let y = 0; y < n; y += 1) {
    for (let x = 0; x < n; x += 1) {
      if (x > y) panels.push(h("div", { class: "gap" }));
      else if (x === y) panels.push(marginal(one, x, column(x), weights, scale(x), rows));
      else panels.push(pair(one, x, y, column(x), column(y), weights, largest, scale, rows));
    }
  }
  return h("div", { class: "corner-plot" }, h("h3", { text: one.title }), h("p", { class: "note", text: one.note }), h("div", { class: "corner-grid", style: `--n:${n}` }, panels));
}

function marginal(one, k, values, weights, x, rows) {
  const [low, high] = one.log[k] ? [Math.log(one.low[k]), Math.log(one.high[k])] : [one.low[k], one.high[k]];
  const total = weights.reduce((sum, weight) => sum + weight, 0) || 1;
  const counts = new Array(BINS).fill(0);
  values.forEach((value, i) => {
    const at = Math.floor((((one.log[k] ? Math.log(value) : value) - low) / (high - low)) * BINS);
    if (at >= 0 && at <= BINS) counts[Math.min(at, BINS - 1)] += weights[i] / total;
  });
  const edge = (b) => {
    const value = low + ((high - low) * b) / BINS;
    return one.log[k] ? Math.exp(value) : value;
  };
  const bins = counts.map((share, b) => ({ share, x1: edge(b), x2: edge(b + 1) }));
  return figure({
    title: one.names[k], unit: one.units[k], height: 170, compact: true, rows,
    draw: () => ({
      marginLeft: 34, x, y: { label: null, ticks: 3, tickFormat: "%" },
      marks: [Plot.rectY(bins, { x1: "x1", x2: "x2", y: "share", fill: "var(--blue)", fillOpacity: 0.75, inset: 0.4 }), Plot.ruleY([1 / BINS], { stroke: MUTED, strokeDasharray: "3 3" }), Plot.ruleY([0], { stroke: INK })],
    }),
  });
}

function pair(one, x, y, xs, ys, weights, largest, scale, rows) {
  const dots = xs.map((value, i) => ({ x: value, y: ys[i], weight: weights[i] / largest })).filter(({ weight }) => weight > 0.002);
  return figure({
    title: `${one.names[y]} by ${one.names[x]}`, height: 170, compact: true, rows,
    draw: () => ({ marginLeft: 40, x: scale(x), y: scale(y), r: { range: [0, 5], domain: [0, 1] }, marks: [Plot.dot(dots, { x: "x", y: "y", r: "weight", fill: "var(--blue)", fillOpacity: 0.45 })] }),
  });
}
