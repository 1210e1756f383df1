// Cohorts over many histories: the share that is still there, as fans, beside what was observed and the present run.

import { INK, MUTED, Plot, band, eventMarks, figure } from "../charts.js";
import { h, select, swap } from "../dom.js";
import { num, percent, plural, when } from "../format.js";
import { aboutMarket } from "../pictures.js";
import { Work } from "../work.js";
import { fan, isKnown, short } from "../worlds.js";

export class Cohorts {
  constructor(app) {
    this.app = app;
    this.known = new Map(); // history -> shares by cohort
    this.many = select([["20", "20 histories"], ["40", "40 histories"], ["100", "100 histories"]], "20", () => {}, { id: "fan-histories" });
    this.go = h("button", { type: "button", class: "primary", text: "Run histories", onclick: () => this.#start().catch(() => {}) });
    this.work = new Work(app, "fans", "Histories of the present scenario", { onPart: (part) => {
      this.known.set(part.number, part.shares);
      this.#refresh();
    }, onEnd: () => this.#refresh() });
    this.note = h("p", { class: "note", "aria-live": "polite" });
    this.charts = h("div", { class: "grid" });
    this.node = h("div", {},
      h("p", { class: "note", text: "How much of a cohort is still with its employer: the same scenario, with the pulls of the present run, under other luck. Dark band: half of the histories; light band: nine in ten; thin line: this history, to its end." }),
      h("div", { class: "bar-row" }, h("div", { class: "labelled" }, h("label", { for: "fan-histories", text: "How many" }), this.many), this.go), this.work.node, this.note, this.charts);
    this.figures = [];
    this.node.source = () => [...aboutMarket(app.market, { whole: true }), `${plural(this.known.size, "history", "histories")} under other luck.`];
  }

  show() {
    const { market } = this.app;
    if (!market.cohorts.length) {
      this.go.disabled = true;
      this.note.textContent = "This scenario has no cohort to follow.";
    } else if (this.asked !== market) this.#start().catch(() => {});
  }

  update(what, detail, visible) {
    if (what === "opened") {
      this.go.disabled = false;
      this.known.clear();
      this.figures = [];
      swap(this.charts);
      this.note.textContent = "";
      if (visible) this.show();
    }
    if (what === "log" && this.figures.length) this.note.textContent = "Levers were pulled since: run the histories again to see what that does.";
    if (visible && (what === "theme" || what === "month")) for (const each of this.figures) each.refresh();
  }

  async #start() {
    this.asked = this.app.market;
    const answer = await this.app.ask("fans", { histories: Number(this.many.value) });
    this.known = new Map(answer.known.map(({ number, shares }) => [number, shares]));
    this.wanted = answer.histories;
    this.figures = answer.cohorts.map((cohort, k) => this.#figure(cohort, k));
    swap(this.charts, this.figures);
    this.work.begin(answer.job);
    this.#refresh();
  }

  #refresh() {
    const n = this.known.size;
    this.note.textContent = n ? `${plural(n, "history", "histories")}${n < this.wanted ? ` of ${num(this.wanted)}` : ""}.${n < 10 && n < this.wanted ? " Bands from so few are rough." : ""}` : "The first history is being run …";
    for (const each of this.figures) each.refresh();
  }

  #shares(k) {
    return [...this.known.values()].map((shares) => Array.from(shares[k]));
  }

  #figure(cohort, k) {
    const hidden = cohort.observed.filter((seen) => seen.withheld);
    const shownPoints = cohort.observed.filter((seen) => !seen.withheld && isKnown(seen.left_min)).map((seen) => ({ month: seen.month, low: 1 - seen.left_max / cohort.size, high: 1 - seen.left_min / cohort.size }));
    const said = [shownPoints.length ? "Bars: what was observed, as a range." : "", hidden.length ? `${hidden.map((seen) => when(seen.date)).join(", ")}: prediction, observed value not shown.` : ""].filter(Boolean).join(" ");
    return figure({
      title: `${short(cohort.label)}: still at ${cohort.employer}`, unit: `of ${num(cohort.size)}`, note: said, height: 250,
      legend: [["half of the histories", "color-mix(in srgb, var(--blue) 40%, var(--bg))", "square"], ["nine in ten", "color-mix(in srgb, var(--blue) 15%, var(--bg))", "square"], ["this history", INK, "line"], ...(shownPoints.length ? [["observed", "var(--accent)", "line"]] : [])],
      rows: () => {
        const seen = fan(this.#shares(k));
        return { columns: ["month", "p05", "p25", "p50", "p75", "p95", "this history"], rows: seen.mean.map((_, month) => [this.app.market.dateOf(month), seen[5][month], seen[25][month], seen[50][month], seen[75][month], seen[95][month], this.known.get(0)?.[k][month]]) };
      },
      draw: (width) => {
        const { market } = this.app;
        const all = this.#shares(k);
        if (!all.length) return null;
        const seen = fan(all);
        const { dates } = market;
        const own = Array.from(this.known.get(0)?.[k] ?? [], (value, month) => ({ value, date: dates[month], run: month < market.month })).filter((row) => isKnown(row.value));
        return {
          marginLeft: 46, x: { type: "utc", domain: [dates[0], dates.at(-1)], label: null, ticks: width < 330 ? 3 : 5, tickSize: 3 }, y: { label: null, grid: true, domain: [0, 1], ticks: 5, tickFormat: "%" },
          marks: [
            ...eventMarks(market.marks, dates),
            ...band({ dates, low: seen[5], high: seen[95], opacity: 0.15, name: "90 % of histories" }), ...band({ dates, low: seen[25], high: seen[75], middle: seen[50], opacity: 0.27, name: "50 % of histories" }),
            Plot.lineY(own, { x: "date", y: "value", stroke: INK, strokeWidth: 1.3, curve: "step-after", strokeOpacity: 0.55, strokeDasharray: "2 2" }),
            Plot.lineY(own.filter((row) => row.run), { x: "date", y: "value", stroke: INK, strokeWidth: 1.8, curve: "step-after" }),
            Plot.ruleX(shownPoints, { x: (point) => dates[point.month], y1: "low", y2: "high", stroke: "var(--accent)", strokeWidth: 4, title: (point) => `observed: ${percent(point.low)} to ${percent(point.high)}` }),
            Plot.dot(shownPoints.filter((point) => point.low === point.high), { x: (point) => dates[point.month], y: "low", fill: "var(--accent)", r: 4 }),
            Plot.ruleX(hidden, { x: (point) => dates[point.month], stroke: MUTED, strokeDasharray: "3 3" }),
            Plot.text(hidden, { x: (point) => dates[point.month], y: 1, text: () => "prediction", dx: -5, dy: 8, textAnchor: "end", fill: MUTED }),
          ],
        };
      },
    });
  }
}
