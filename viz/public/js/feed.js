// What happened, month by month, newest first, in plain words; a click shows the card of the person or the event.

import { choice, h, swap } from "./dom.js";
import { when } from "./format.js";
import { COLOURS } from "./charts.js";

const MONTHS_SHOWN = 6;
const MOST_A_MONTH = 40;
const ORDER = ["event", "founded", "bought", "failed", "cancellation", "departure", "release", "escalation"];
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
    if (from < 0 && market.why) parts.push(h("li", { class: "question", text: market.why }));
    if (from < 0) parts.push(h("li", { class: "empty", text: "Press Play or Step: what happens will be told here." }));
    swap(this.list, parts);
  }

  #entries(month) {
    const { market } = this.app;
    const report = market.reports[month];
    const pulls = market.pulls.filter((pull) => pull.month === month).map((pull) => this.#line({ kind: "pull", words: pull.words }, "event", "var(--blue)", null));
    const rank = (entry) => (ORDER.indexOf(entry.kind) + 1 || ORDER.length + 1) + ((entry.cohorts ?? []).length ? -0.5 : 0);
    const found = report.feed.filter((entry) => this.#wanted(entry)).sort((a, b) => rank(a) - rank(b));
    const shown = found.slice(0, MOST_A_MONTH);
    const lines = shown.map((entry) => this.#entry(entry, market));
    if (found.length > shown.length) lines.push(h("li", { class: "note", text: `and ${found.length - shown.length} more this month` }));
    return this.kind === "cohort" ? lines : [...pulls, ...lines];
  }

  #wanted(entry) {
    const { market } = this.app;
    if (this.kind === "all") return entry.kind !== "pull" && entry.kind !== "escalation";
    if (this.kind === "event") return !["departure", "pull"].includes(entry.kind);
    if (this.kind === "focal") return (entry.from_employer ?? entry.employer) === market.focal.row;
    return (entry.cohorts ?? []).length > 0;
  }

  #entry(entry, market) {
    const isEvent = entry.kind === "event";
    const colour = isEvent ? "var(--accent)" : COLOURS[market.colourOf(entry.from_employer ?? entry.employer ?? -1)];
    const pick = entry.kind === "departure" ? () => this.app.select("departure", entry)
      : isEvent ? () => this.app.select("event", entry.event)
      : entry.team >= 0 ? () => this.app.select("team", entry.team)
      : entry.employer >= 0 ? () => this.app.select("employer", entry.employer) : null;
    return this.#line(entry, isEvent ? "event" : entry.kind, colour, pick);
  }

  #line(entry, kind, colour, pick) {
    const body = pick ? h("button", { type: "button", class: "link", onclick: pick }, told(entry.words)) : h("span", {}, told(entry.words));
    return h("li", { class: `item ${kind}` }, h("span", { class: "mark", style: `--swatch:${colour}` }), body);
  }
}

/** A sentence in which the terms after the colon have the colour of what they speak for: going or staying. */
export function told(words) {
  const colon = words.lastIndexOf(": ");
  if (colon < 0 || !/[+-]\d+\.\d/.test(words.slice(colon))) return words;
  const terms = words.slice(colon + 2).split(/([+-]\d+\.\d)/);
  return [words.slice(0, colon), h("span", { class: "terms" }, ": ", terms.map((part) => (/^[+-]\d/.test(part) ? h("span", { class: part.startsWith("-") ? "staying" : "going", text: part.replace("-", "−") }) : part)))];
}
