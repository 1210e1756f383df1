// What came of a comparison: curves of both worlds with the difference below, outcomes, and who took another path.

import { INK, MUTED, Plot, band, eventMarks, figure } from "../charts.js";
import { choice, h, select, swap, table } from "../dom.js";
import { asDate, dateOf, num, percent, plural, signed } from "../format.js";
import { aboutMarket } from "../pictures.js";
import { Work } from "../work.js";
import { FEWEST, change, fan, interval, isClear, isKnown, outcomeWords, short, sofar, verdict } from "../worlds.js";
import { People } from "./compare-people.js";

const SECOND = "var(--accent)";
const WORLDS = [["A", INK, "line"], ["B", SECOND, "line"]];
const BANDS = [["mean of the pairs", SECOND, "line"], ["half of the pairs, and nine in ten", "color-mix(in srgb, var(--accent) 26%, var(--bg))", "square"]];

export class Outcome {
  constructor(app) {
    this.app = app;
    this.known = null; // what the session said of the comparison
    this.pairs = new Map(); // by number of the history
    this.found = null;
    this.asked = null;
    this.employer = 0;
    this.lines = "one";
    this.work = new Work(app, "compare", () => this.#doing(), { onPart: (part) => this.#part(part), onEnd: (state) => this.#end(state) });
    this.people = new People(app);
    this.title = h("h3", { class: "versus" });
    this.says = h("p", { class: "lead", "aria-live": "polite" });
    this.more = h("div", { class: "bar-row" });
    this.pick = h("span", {});
    this.charts = h("div", { class: "grid worlds" });
    this.table = h("div", {});
    this.empty = h("p", { class: "empty", text: "Nothing has been compared yet. Choose two worlds above, or one of the events, and press Compare." });
    this.body = h("div", { hidden: true }, this.title, this.says, this.work.node, this.more, this.charts, this.table, this.people.node);
    this.node = h("div", { class: "outcome" }, this.empty, this.body);
    this.node.source = () => this.#source();
    this.figures = [];
  }

  /** Ask the session for a comparison; what it knows is shown at once, the rest as it comes. */
  async start(asked) {
    const answer = await this.app.ask("compare", asked);
    this.asked = asked;
    this.known = answer;
    this.pairs = new Map(answer.pairs.map((pair) => [pair.number, pair]));
    this.found = answer.found;
    this.employer = answer.focal;
    this.dates = Array.from({ length: answer.months }, (_, month) => asDate(answer.start, month));
    this.people.about(answer, asked, this.app.market);
    this.people.set(answer.people);
    this.work.begin(answer.job);
    this.empty.hidden = true;
    this.body.hidden = false;
    this.#head();
    this.#build();
    this.refresh();
  }

  /** Another market is shown: what was compared for the one before goes. */
  opened() {
    if (this.market === this.app.market.number) return;
    this.market = this.app.market.number;
    if (!this.known) return;
    this.known = null;
    this.pairs.clear();
    this.body.hidden = true;
    this.empty.hidden = false;
  }

  #part(part) {
    if (!this.known) return;
    if (part.people) this.people.set(part.people);
    if (part.pair) {
      this.pairs.set(part.pair.number, part.pair);
      this.found = part.found;
    }
    this.refresh();
  }

  #end(state) {
    this.refresh();
    if (state === "stopped") this.people.stopped();
  }

  #doing() {
    return this.pairs.size ? `${num(this.pairs.size)} of ${plural(this.known?.histories ?? 0, "history", "histories")}` : "The first pair of histories";
  }

  get #all() {
    return [...this.pairs.values()].sort((a, b) => a.number - b.number);
  }

  /** Where a saved picture is from: both worlds, what they are of, and how many histories. */
  #source() {
    const { known } = this;
    const [about, months] = aboutMarket(this.app.market, { whole: true, pulled: false });
    return known ? [about, months, `A: ${known.first}. B: ${known.second}. ${plural(this.pairs.size, "pair of histories", "pairs of histories")} with the same people and luck.`] : [about, months];
  }

  // ---- words -------------------------------------------------------------------------------------------------------

  #head() {
    const { known } = this;
    swap(this.title,
      h("span", { class: "world-key" }, h("i", { class: "swatch line", style: `--swatch:${INK}` }), "A ", h("b", { text: capital(known.first) })),
      h("span", { class: "world-key" }, h("i", { class: "swatch line", style: `--swatch:${SECOND}` }), "B ", h("b", { text: capital(known.second) })));
  }

  #sentence() {
    const { found, known } = this;
    const n = this.pairs.size;
    if (!n) return this.work.running ? "Both worlds are being run to their end …" : "Stopped before the first pair was done.";
    if (found.identical === n) {
      const digest = this.#all[0].digests[0].slice(0, 12);
      return `Nothing differs, to the last byte: both worlds end with the same digest (${digest}…) in ${n === 1 ? "this history" : `all ${num(n)} histories`}.${known.equal ? " They are the same scenario." : ""}`;
    }
    if (n === 1) return `One pair of histories: an anecdote. ${this.#anecdote()} Whether that is more than luck, only more histories can tell.`;
    if (n < FEWEST) return `${num(n)} pairs of histories so far, too few to tell an effect from luck. ${this.#anecdote()}`;
    const clear = found.outcomes.filter(isClear).sort((a, b) => strength(b) - strength(a));
    const told = clear.slice(0, 3).map((row) => `${lower(outcomeWords(row.outcome, known.cohorts))} ${change(row.mean)} ${row.unit}`);
    if (found.outcomes.every((row) => row.verdict === "no difference in any pair")) return `Over ${num(n)} pairs of histories no outcome differs at all: the two worlds are not the same, but nothing of what is counted below tells them apart.`;
    if (!clear.length) return `Over ${num(n)} pairs of histories no outcome differs by more than luck could explain.`;
    return `Over ${num(n)} pairs of histories, B against A, beyond luck: ${told.join("; ")}${clear.length > 3 ? `; and ${plural(clear.length - 3, "other outcome")}` : ""}.`;
  }

  #anecdote() {
    const { known } = this;
    const pair = this.#all[0];
    const row = this.found.outcomes.find((each) => each.outcome === `exits:${known.employers[known.focal]}`) ?? this.found.outcomes[0];
    if (!row || !pair) return "";
    const [a, b] = [row.first, row.second];
    const where = this.pairs.size > 1 ? "On average" : "In it,";
    return a === b ? `${where} ${lower(outcomeWords(row.outcome, known.cohorts))} comes to ${num(a)} in both worlds.` : `${where} ${lower(outcomeWords(row.outcome, known.cohorts))} comes to ${num(a)} in A and ${num(b)} in B.`;
  }

  #next() {
    const now = this.pairs.size;
    const equal = this.known.equal;
    const buttons = equal || this.work.running ? [] : [10, 20, 40].filter((count) => count > now).map((count) => h("button", { type: "button", class: "chip", text: `${count} histories`, onclick: () => this.start({ ...this.asked, histories: count }).catch(() => {}) }));
    swap(this.more, this.pick, this.choose,
      buttons.length ? h("div", { class: "labelled" }, h("span", { class: "label", text: now ? "How sure? Go on to" : "Go on with" }), h("div", { class: "choice" }, buttons)) : null);
  }

  // ---- pictures ----------------------------------------------------------------------------------------------------

  #build() {
    const { known } = this;
    swap(this.pick, h("div", { class: "labelled" }, h("label", { for: "compare-employer", text: "Laboratory shown" }),
      select(known.employers.map((name, k) => [k, name]), this.employer, (value) => {
        this.employer = Number(value);
        this.#build();
        this.refresh();
      }, { id: "compare-employer" })));
    const lines = choice("Curves", [["one", "First history"], ["mean", "Mean"]], this.lines, (value) => {
      this.lines = value;
      this.refresh();
    });
    this.choose = h("div", { class: "labelled" }, h("span", { class: "label", text: "Curves" }), lines);
    const lab = known.employers[this.employer];
    const ofLab = (name) => (world) => world[name].map((row) => row[this.employer]);
    const metrics = [
      { title: `Departures from ${lab} so far`, unit: "people", of: (world) => sofar(ofLab("departures")(world)) },
      { title: `Head count of ${lab}`, unit: "researchers", of: ofLab("headcount"), zero: false },
      { title: `Compute per head at ${lab}`, unit: "H100e", of: ofLab("compute") },
      ...known.cohorts.map((cohort, k) => ({ title: `${short(cohort.label)}: share gone`, unit: "", percent: true, of: (world) => world.left.map((row) => row[k]) })),
      { title: "Departures in all so far", unit: "people", of: (world) => sofar(world.exits) },
      { title: "Start-ups alive", unit: "companies", of: (world) => Array.from(world.startups) },
      { title: "Mean pay", unit: "kUSD a year", of: (world) => Array.from(world.pay), zero: false },
    ];
    this.figures = metrics.map((metric) => this.#multiple(metric));
    swap(this.charts, this.figures.map(({ node }) => node));
  }

  #multiple(metric) {
    const form = (value) => (metric.percent ? percentOf(value) : num(value));
    const curves = figure({ title: metric.title, unit: metric.unit, height: 150, compact: true, legend: WORLDS, draw: (width) => this.#curves(metric, width), rows: () => this.#rows(metric) });
    const below = figure({ title: "Difference, B less A", full: `${metric.title}: difference, B less A`, unit: metric.percent ? "percentage points" : metric.unit, height: 96, compact: true, legend: BANDS, draw: (width) => this.#difference(metric, width), rows: () => this.#bandRows(metric) });
    below.classList.add("below");
    const node = h("div", { class: "multiple" }, curves, below);
    return { node, refresh: () => {
      curves.refresh();
      below.refresh();
      const [a, b] = this.#shown(metric);
      if (a) curves.describe(`At the end ${form(a.at(-1))} in A and ${form(b.at(-1))} in B.`);
    } };
  }

  /** Values by month in both worlds: of the first history, or means. */
  #shown(metric) {
    const all = this.#all;
    if (!all.length) return [];
    return [0, 1].map((world) => (this.lines === "mean" ? fan(all.map((pair) => metric.of(pair.series[world])), []).mean : metric.of(all[0].series[world])));
  }

  #differences(metric) {
    return this.#all.map((pair) => {
      const [a, b] = pair.series.map(metric.of);
      return b.map((value, month) => value - a[month]);
    });
  }

  #axis(width) {
    return { type: "utc", domain: [this.dates[0], this.dates.at(-1)], ticks: width < 330 ? 3 : 4, label: null, tickSize: 3 };
  }

  #marks() {
    const { market } = this.app;
    return market && market.start === this.known.start ? eventMarks(market.marks, this.dates) : [];
  }

  #curves(metric, width) {
    const [a, b] = this.#shown(metric);
    if (!a) return null;
    const rows = (values) => values.map((value, month) => ({ value, date: this.dates[month] })).filter((row) => isKnown(row.value));
    const same = a.every((value, month) => value === b[month] || (Number.isNaN(value) && Number.isNaN(b[month])));
    return {
      marginLeft: 48, marginRight: 12, x: this.#axis(width),
      y: { label: null, grid: true, ticks: 4, zero: metric.zero !== false, nice: true, tickFormat: metric.percent ? "%" : (v) => num(v, Number.isInteger(v) ? 0 : undefined) },
      marks: [...this.#marks(), Plot.lineY(rows(a), { x: "date", y: "value", stroke: INK, strokeWidth: same ? 3.4 : 1.9 }), Plot.lineY(rows(b), { x: "date", y: "value", stroke: SECOND, strokeWidth: same ? 1.3 : 1.9 })],
    };
  }

  #difference(metric, width) {
    const all = this.#differences(metric);
    if (!all.length) return null;
    const seen = fan(all);
    const flat = [...seen[5], ...seen[95]].every((value) => !isKnown(value) || value === 0);
    const options = { dates: this.dates, colour: SECOND };
    const marks = all.length > 1
      ? [...band({ ...options, low: seen[5], high: seen[95], opacity: 0.14, name: "90 % of histories" }), ...band({ ...options, low: seen[25], high: seen[75], opacity: 0.26, name: "50 % of histories" })]
      : [];
    const mean = seen.mean.map((value, month) => ({ value, date: this.dates[month] })).filter((row) => isKnown(row.value));
    return {
      marginLeft: 48, marginRight: 12, marginTop: 6, x: { ...this.#axis(width), ticks: [] , tickSize: 0 }, marginBottom: 8,
      y: { label: null, grid: true, ticks: 3, nice: true, ...(flat ? { domain: [-1, 1] } : {}), tickFormat: metric.percent ? (v) => `${signed(100 * v, 0)} %` : (v) => (v === 0 ? "0" : signed(v, Number.isInteger(v) ? 0 : undefined)) },
      marks: [...marks, Plot.ruleY([0], { stroke: MUTED }), Plot.lineY(mean, { x: "date", y: "value", stroke: SECOND, strokeWidth: 1.8, curve: "step-after" })],
    };
  }

  #rows(metric) {
    const [a, b] = this.#shown(metric);
    return { columns: ["month", "A", "B"], rows: (a ?? []).map((value, month) => [dateOf(this.known.start, month), value, b[month]]) };
  }

  #bandRows(metric) {
    const seen = fan(this.#differences(metric));
    return { columns: ["month", "mean", "p05", "p25", "p50", "p75", "p95", "histories"], rows: seen.mean.map((mean, month) => [dateOf(this.known.start, month), mean, seen[5][month], seen[25][month], seen[50][month], seen[75][month], seen[95][month], this.pairs.size]) };
  }

  // ---- everything --------------------------------------------------------------------------------------------------

  refresh() {
    const { known, found } = this;
    if (!known) return;
    this.says.textContent = this.#sentence();
    this.#next();
    for (const each of this.figures) each.refresh();
    const n = this.pairs.size;
    const caption = n < 2 ? "Outcomes of the first pair of histories" : `Outcomes, means over ${num(n)} pairs of histories; brackets: 95 % interval`;
    const bands = n > 1 ? `Below each curve: the difference of the ${num(n)} pairs, month by month; the line is the mean, the dark band holds half of the pairs, the light one nine in ten.` : "Below each curve: the difference in this one pair.";
    swap(this.table, h("p", { class: "note", text: bands }),
      n >= FEWEST && found ? h("p", { class: "note", text: `Of ${num(found.outcomes.length)} outcomes, about one in twenty looks beyond luck by chance alone.` }) : null,
      found ? table(caption, [
        ["Outcome", (row) => h("span", { title: row.meaning, text: outcomeWords(row.outcome, known.cohorts) })],
        ["A", (row) => num(row.first), "r"], ["B", (row) => num(row.second), "r"],
        ["Difference", (row) => interval(row), "r"], ["Unit", (row) => row.unit],
        ["", (row) => h("span", { class: `verdict ${isClear(row) ? "clear" : ""}`, text: verdict(row, n) })],
      ], found.outcomes) : null);
    this.people.found(found, n);
  }
}

function strength({ mean, low, high }) {
  return Math.abs(mean) / Math.max(1e-9, (high - low) / 2);
}

function percentOf(value) {
  return percent(value);
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function lower(text) {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

