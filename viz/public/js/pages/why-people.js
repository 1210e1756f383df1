// Whom to keep: people ranked by the exits of others that keeping them prevents, in other courses of luck.

import { GOING, STAYING, bars, figure } from "../charts.js";
import { h, labelled, select, swap, table } from "../dom.js";
import { num, percent, plural, when } from "../format.js";
import { aboutMarket } from "../pictures.js";
import { Work } from "../work.js";
import { interval, isKnown } from "../worlds.js";

export class KeyPeople {
  constructor(app) {
    this.app = app;
    this.employer = h("select", { id: "key-employer" });
    this.since = h("select", { id: "key-since" });
    this.window = select([["6", "6 months"], ["12", "12 months"], ["18", "18 months"]], "12", () => this.#months(), { id: "key-window" });
    this.size = select([["20,4", "Quick look"], ["40,6", "Usual"], ["120,12", "Thorough"]], "20,4", () => {}, { id: "key-size" });
    this.go = h("button", { type: "button", class: "primary", text: "Rank", onclick: () => this.#start().catch(() => {}) });
    this.work = new Work(app, "keystone", "Keeping people, one at a time", { onEnd: (state, result) => {
      if (state === "done") this.#draw(result);
      else swap(this.body, h("p", { class: "empty", text: state === "stopped" ? "Stopped. Press Rank to begin again." : "It could not be finished." }));
    } });
    this.says = h("p", { class: "lead", "aria-live": "polite" });
    this.body = h("div", {}, h("p", { class: "empty", text: "Choose a laboratory and a month, and press Rank." }));
    this.node = h("div", {},
      h("p", { class: "note", text: "People who leave within the window are kept, one at a time, on a copy of this history; what counts are exits of others near them (their team, and those tied to them) that then do not happen. The best are measured again under other luck, since what looks like a key person in one history may be chance." }),
      h("div", { class: "bar-row" }, labelled("Laboratory", this.employer), labelled("Kept from", this.since), labelled("For", this.window), labelled("How thorough", this.size), this.go),
      this.work.node, this.says, this.body);
    this.node.source = () => aboutMarket(app.market, { whole: true });
  }

  show() {
    const { market } = this.app;
    if (this.filled === market) return;
    this.filled = market;
    swap(this.employer, market.employers.map(({ row, name }) => h("option", { value: row, text: name })));
    this.employer.value = market.focal?.row ?? 0;
    for (const option of this.window.options) option.disabled = Number(option.value) >= market.months;
    if (this.window.selectedOptions[0]?.disabled) this.window.value = "6";
    this.#months();
  }

  #months() {
    const { market } = this.app;
    const last = market.months - Number(this.window.value);
    const before = Number(this.since.value) || Math.min(12, last);
    swap(this.since, Array.from({ length: Math.max(0, last) }, (_, k) => h("option", { value: k + 1, text: when(market.dateOf(k + 1)) })));
    this.since.value = Math.min(before, last);
    this.go.disabled = last < 1;
  }

  update(what, detail, visible) {
    if (what === "opened") {
      this.says.textContent = "";
      swap(this.body, h("p", { class: "empty", text: "Choose a laboratory and a month, and press Rank." }));
      if (visible) this.show();
    }
    if (visible && what === "theme") this.figure?.refresh();
  }

  async #start() {
    const [sample, futures] = this.size.value.split(",").map(Number);
    this.asked = { employer: Number(this.employer.value), since: Number(this.since.value), window: Number(this.window.value), sample, futures };
    const answer = await this.app.ask("keystone", this.asked);
    this.work.begin(answer.job);
    if (answer.found) this.#draw(answer.found);
    else {
      this.says.textContent = "";
      swap(this.body, h("p", { class: "empty", text: "People are being kept, one at a time …" }));
    }
  }

  #draw({ people, kept, kinds, scopes }) {
    const { market } = this.app;
    const lab = market.employerName(this.asked.employer);
    if (!people.length) {
      this.says.textContent = `Nobody of ${lab} leaves by their own decision in that window: there is nobody to keep.`;
      swap(this.body);
      return;
    }
    const [best] = people;
    const { sample, futures, window: months, since } = this.asked;
    this.says.textContent = best.mean > 0
      ? `Of ${plural(kept, "person", "people")} tried at ${lab}, researcher ${best.researcher} (${best.team}) matters most: kept from ${when(market.dateOf(since))}, ${num(best.mean, 1)} others nearby stay on average within ${num(months)} months.${isKnown(best.low) && best.low > 0 ? "" : " With so few courses of luck that is not yet beyond chance."}`
      : `Of ${plural(kept, "person", "people")} tried at ${lab}, none prevents exits of others on average: no key person is found here.`;
    const rows = people.map((row) => ({ name: `Researcher ${row.researcher}`, value: row.mean, low: row.low ?? NaN, high: row.high ?? NaN }));
    this.figure = figure({
      title: "Exits of others nearby that keeping one person prevents", unit: "people", note: `Mean over ${plural(futures, "other course", "other courses")} of luck${futures < 5 ? "; intervals need at least five" : "; thin lines: 95 %"}.`,
      draw: (width) => bars(rows, { width, left: 120, colour: ({ value }) => (value < 0 ? GOING : STAYING) }), rows: () => ({ columns: ["researcher", "team", "prevented", "low", "high", "in this history"], rows: people.map((row) => [row.researcher, row.team, row.mean, row.low, row.high, row.here]) }),
    });
    swap(this.body, h("div", { class: "split" }, this.figure, h("div", {},
      table("The same people", [
        ["Researcher", (row) => h("button", { type: "button", class: "link", onclick: () => this.app.select("person", row.researcher) }, h("u", { text: String(row.researcher) }))],
        ["Team", (row) => `${row.team}${row.leader ? ", leads" : ""}${row.founds ? ", founds" : ""}`], ["Reputation, top", (row) => percent(row.reputation_top), "r"], ["Ties inside, top", (row) => percent(row.ties_top), "r"],
        ["Leaves in", (row) => percent(row.leaves), "r"], ["Prevented", (row) => interval(row), "r"], ["In this history", (row) => num(row.here), "r"],
      ], people),
      kinds.length > 1 ? table("By kind of person, this history", [["Kind", (row) => row.name], ["People", (row) => num(row.n), "r"], ["Prevented", (row) => interval(row), "r"]], kinds) : null)),
    h("p", { class: "note", text: `Nearby: ${scopes.near === "either of these" ? `${scopes.team}, or ${scopes.ties}` : scopes.near}. At most ${num(sample)} people were tried, drawn from those who leave.` }));
    this.figure.refresh();
  }
}
