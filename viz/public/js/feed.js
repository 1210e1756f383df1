// What happened, month by month, newest first, in plain words; a click shows the card of the person or the event.

import { choice, h, swap } from "./dom.js";
import { signed, when } from "./format.js";
import { COLOURS } from "./charts.js";

const MONTHS_SHOWN = 6;
const KINDS = [["all", "Everything"], ["focal", "This lab"], ["cohort", "Cohorts"], ["event", "Events"]];

export class Feed {
  constructor(app) {
    this.app = app;
    this.kind = "all";
    this.filter = choice("What is listed", KINDS, this.kind, (kind) => {
      this.kind = kind;
      this.refresh();
    });
    this.list = h("ol", { class: "feed", "aria-label": "What happened, newest first" });
    this.node = h("div", {}, this.list);
  }

  refresh() {
    const { market } = this.app;
    if (!market) return;
    const from = market.cursor - 1;
    const parts = [];
    for (let month = from; month >= Math.max(0, from - MONTHS_SHOWN + 1); month -= 1) {
      const entries = this.#entries(month);
      parts.push(h("li", { class: "month", text: when(market.dateOf(month)) }));
      if (!entries.length) parts.push(h("li", { class: "note", text: this.kind === "all" ? "Nothing worth a line." : "Nothing of this kind." }));
      parts.push(...entries);
    }
    if (from < 0) parts.push(h("li", { class: "empty", text: "Press Play or Step: what happens will be told here." }));
    swap(this.list, parts);
  }

  #entries(month) {
    const { market } = this.app;
    const report = market.reports[month];
    const pulls = market.pulls.filter((pull) => pull.month === month).map((pull) => this.#line({ kind: "pull", words: pull.words }, "event", "var(--blue)", null));
    const found = report.feed.filter((entry) => this.#wanted(entry));
    const shown = found.slice(0, 40);
    const lines = shown.map((entry) => this.#entry(entry, market));
    if (found.length > shown.length) lines.push(h("li", { class: "note", text: `and ${found.length - shown.length} more this month` }));
    return this.kind === "cohort" ? lines : [...pulls, ...lines];
  }

  #wanted(entry) {
    const { market } = this.app;
    if (this.kind === "all") return true;
    if (this.kind === "event") return entry.kind !== "departure";
    if (this.kind === "focal") return entry.employer === market.focal.row;
    return (entry.cohorts ?? []).length > 0;
  }

  #entry(entry, market) {
    const isEvent = entry.kind === "event";
    const colour = isEvent ? "var(--accent)" : COLOURS[market.colourOf(entry.employer ?? -1)];
    const pick = entry.kind === "departure" ? () => this.app.select("departure", entry) : isEvent ? () => this.app.select("event", entry.event) : entry.employer >= 0 ? () => this.app.select("employer", entry.employer) : null;
    return this.#line(entry, isEvent ? "event" : entry.kind, colour, pick);
  }

  #line(entry, kind, colour, pick) {
    const words = entry.text ?? entry.words;
    const terms = entry.terms?.length ? h("span", { class: "terms" }, ": ", entry.terms.map(([name, value], k) => [k ? ", " : "", `${name} `, h("span", { class: value < 0 ? "minus" : "plus", text: signed(value, 1) })])) : null;
    const body = pick ? h("button", { type: "button", class: "link", onclick: pick }, words, terms) : h("span", {}, words, terms);
    return h("li", { class: `item ${kind}` }, h("span", { class: "mark", style: `--swatch:${colour}` }), body);
  }
}
