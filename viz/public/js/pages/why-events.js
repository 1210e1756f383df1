// What the dated events contributed to an outcome: a waterfall of Shapley values, and every imposed event with one button.

import { figure } from "../charts.js";
import { h, labelled, select, swap, table } from "../dom.js";
import { num, plural, when } from "../format.js";
import { aboutMarket } from "../pictures.js";
import { Work } from "../work.js";
import { FEWEST, change, isClear, isKnown, outcomeWords, stacked } from "../worlds.js";
import { cascade } from "./why-departures.js";

const MOST_ROWS = 14;

export class Events {
  constructor(app) {
    this.app = app;
    this.choices = null;
    this.found = null;
    this.outcome = h("select", { id: "why-outcome" });
    this.which = h("select", { id: "why-events" });
    this.many = select([["1", "1 history"], ["2", "2 histories"], ["4", "4 histories"], ["10", "10 histories"], ["20", "20 histories"]], "2", () => {}, { id: "why-histories" });
    this.go = h("button", { type: "button", class: "primary", text: "Take it apart", onclick: () => this.#start().catch(() => {}) });
    this.work = new Work(app, "attribute", () => `Worlds with and without events, ${plural(this.asked?.histories ?? 0, "history", "histories")}`, {
      onPart: (part) => this.#take(part),
      onEnd: (state) => {
        if (!this.found) this.says.textContent = state === "stopped" ? "Stopped before the first history was done." : "";
        this.#draw();
      },
    });
    this.says = h("p", { class: "lead", "aria-live": "polite" });
    this.picture = h("div", {});
    this.list = h("div", {});
    this.node = h("div", {},
      h("p", { class: "note", text: "Every history is run again with some of the imposed events and without the others, on the same people and the same luck. What an event adds, averaged over orders in which the events could join, is its part; the parts sum to the whole." }),
      h("div", { class: "bar-row" }, labelled("Outcome", this.outcome), labelled("Events that can be absent", this.which), labelled("Histories", this.many), this.go),
      h("p", { class: "note", text: "One history takes about half a minute with all events, less with few of them; the first result is shown as soon as it is there." }),
      this.work.node, this.says, this.picture, this.list);
    this.node.source = () => aboutMarket(app.market, { whole: true });
  }

  show() {
    this.#load().catch(() => {});
  }

  update(what, detail, visible) {
    if (what === "opened") {
      this.choices = null;
      this.found = null;
      swap(this.picture);
      this.says.textContent = "";
      if (visible) this.show();
    }
    if (visible && what === "theme") this.figure?.refresh();
  }

  async #load() {
    if (this.choices) return;
    this.choices = await this.app.link.ask("why_choices");
    const { outcomes, events, employers, focal } = this.choices;
    const { cohorts } = this.app.market;
    swap(this.outcome, outcomes.map(({ text }) => h("option", { value: text, text: outcomeWords(text, cohorts) })));
    this.lab = employers[focal];
    const about = events.filter((event) => event.entity === this.lab);
    swap(this.which, h("option", { value: "all", text: `All ${num(events.length)} imposed events` }), about.length > 1 && about.length < events.length ? h("option", { value: "focal", text: `Only the ${num(about.length)} about ${this.lab}; the others happen` }) : null);
    this.go.disabled = !events.length;
    swap(this.list, table("Imposed events of this scenario", [
      ["When", (event) => (event.between[0] === event.between[1] ? when(event.date) : `${when(event.between[0])} – ${when(event.between[1])}`)],
      ["Event", (event) => h("button", { type: "button", class: "link", title: event.note, onclick: () => this.app.select("event", event.id) }, h("u", { text: event.label }))],
      ["About", (event) => event.entity], ["Does", (event) => event.does.join(", ")], ["Sources", (event) => event.sources.join(", ")],
      ["", (event) => h("button", { type: "button", text: "What if not?", "aria-label": `What if this had not happened: ${event.label}`, onclick: () => this.app.without(event.id) })],
    ], events, { empty: "This scenario imposes no events." }));
  }

  async #start() {
    const asked = { outcome: this.outcome.value, histories: Number(this.many.value) };
    if (this.which.value === "focal") asked.events = this.choices.events.filter((event) => event.entity === this.lab).map((event) => event.id);
    const answer = await this.app.ask("attribute", asked);
    this.asked = asked;
    this.found = answer.found;
    this.work.begin(answer.job);
    this.#draw();
    if (!this.found) {
      this.says.textContent = `${plural(answer.players, "event")} can be absent. The first history is being run …`;
      swap(this.picture);
    }
  }

  #take(part) {
    this.found = part;
    this.#draw();
  }

  #draw() {
    const { found, asked } = this;
    if (!found || !asked) return;
    const { outcome } = found;
    const name = outcomeWords(outcome.text, this.app.market.cohorts);
    const parts = outcome.parts.map((part, k) => ({ ...part.shapley, player: found.players[k] })).filter((part) => part.mean !== 0).sort((a, b) => Math.abs(b.mean) - Math.abs(a.mean));
    const n = found.replicates;
    const clear = parts.filter(isClear);
    const best = (clear.length ? clear : parts).slice(0, 3).map((part) => `${part.player.label} (${change(part.mean)})`).join("; ");
    const sure = n < 2 ? " One history: what happened in it, not what the events do in general." : n < FEWEST ? ` ${num(n)} histories: too few to tell an effect from luck.` : clear.length ? "" : " No single part stands out from the luck of the histories.";
    this.says.textContent = parts.length
      ? `${name}: ${num(outcome.everything.mean)} ${outcome.unit} as it happened, ${num(outcome.nothing.mean)} without any of these events. ${clear.length ? "Beyond luck" : "Largest"}: ${best}.${sure}`
      : `${name}: ${num(outcome.everything.mean)} ${outcome.unit} with and without the events. None of them makes a difference in ${plural(n, "history", "histories")}.`;
    const most = parts.slice(0, MOST_ROWS);
    const rest = parts.slice(MOST_ROWS);
    const value = (part) => ({ name: part.player.label, value: part.mean, low: n >= FEWEST && isKnown(part.low) ? part.low : NaN, high: n >= FEWEST && isKnown(part.high) ? part.high : NaN, player: part.player });
    const steps = most.map(value);
    if (rest.length) steps.push({ name: plural(rest.length, "other event"), value: rest.reduce((sum, part) => sum + part.mean, 0), low: NaN, high: NaN });
    const base = outcome.nothing.mean;
    const rows = [{ name: "without any of them", value: base, from: 0, to: base, total: true }, ...stacked(base, steps), { name: "as it happened", value: outcome.everything.mean, from: 0, to: outcome.everything.mean, total: true }];
    const about = (id) => this.choices.events.find((event) => event.id === id);
    const titles = (row) => (row.player ? `${row.player.label}\n${row.player.events.map((id) => `${id}, ${when(about(id)?.date ?? "")}: ${about(id)?.sources.join(", ") || "no source given"}`).join("\n")}\n${change(row.value)} ${outcome.unit}` : row.name);
    this.figure = figure({
      title: `${name}: what each event added`, unit: outcome.unit, height: 40 + 23 * rows.length, note: `${n < 2 ? "One history." : `Means over ${num(n)} histories.`} ${n < FEWEST ? `Intervals are drawn from ${FEWEST} histories on.` : "Thin lines: 95 % intervals of each part."} ${found.shapley === "exact" ? "All orders of the events." : `Sampled: ${num(found.permutations)} orders a history.`} Blue adds, red takes away.`,
      rows: () => ({ columns: ["event", "part", "low", "high"], rows: [["without any of them", base, "", ""], ...parts.map((part) => [part.player.label, part.mean, part.low, part.high]), ["as it happened", outcome.everything.mean, "", ""]] }),
      draw: (width) => cascade(rows, width, { left: 330, titles }),
    });
    const next = this.work.running ? null : [2, 4, 10, 20].find((count) => count > n);
    swap(this.picture, this.figure, next ? h("button", { type: "button", text: `How sure? Go on to ${next} histories`, onclick: () => {
      this.many.value = String(next);
      this.#start().catch(() => {});
    } }) : null);
    this.figure.refresh();
  }
}

