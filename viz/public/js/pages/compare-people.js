// Who took another path: how many and of what kind, one by one in plain words, and by what they were reached.

import { h, select, swap, table } from "../dom.js";
import { dateOf, num, plural, when } from "../format.js";
import { isKnown } from "../worlds.js";

const KINDS = [
  ["stayed", "Left in A, not in B"], ["left instead", "Left in B, not in A"], ["moved elsewhere", "Left in both, for another place"], ["left earlier", "Left earlier in B"], ["left later", "Left later in B"],
  ["other career", "Same departures, another post"],
];
const PAGE = 25;

export class People {
  constructor(app) {
    this.app = app;
    this.told = null;
    this.shown = PAGE;
    this.kind = "";
    this.group = "";
    this.number = h("input", { type: "text", inputmode: "numeric", size: 8, id: "changed-number", placeholder: "Number", oninput: () => this.#list() });
    this.kindPick = h("span", {});
    this.groupPick = h("span", {});
    this.counts = h("div", {});
    this.note = h("p", { class: "note", "aria-live": "polite" });
    this.list = h("ol", { class: "people-list" });
    this.more = h("button", { type: "button", text: "Show more", hidden: true, onclick: () => {
      this.shown += PAGE;
      this.#list();
    } });
    this.chains = h("div", {});
    this.filters = h("div", { class: "bar-row" }, h("div", { class: "labelled" }, h("label", { for: "changed-kind", text: "What changed" }), this.kindPick),
      h("div", { class: "labelled" }, h("label", { for: "changed-group", text: "Who" }), this.groupPick), h("div", { class: "labelled" }, h("label", { for: "changed-number", text: "Researcher" }), this.number));
    this.node = h("section", { class: "changed" }, h("h3", { text: "Who took another path" }), this.counts, h("div", { class: "split" }, h("div", {}, this.note, this.filters, this.list, this.more), this.chains));
  }

  /** Which worlds these are, and whether the market that is shown is one of them. */
  about(answer, asked, market) {
    this.start = answer.start;
    this.cohorts = answer.cohorts;
    const plain = !asked.without?.length && !asked.policy;
    const isHere = (world) => world === "present" || (world === "described" && !market.pulls.length);
    this.isHere = isHere(asked.first) || (plain && isHere(asked.second));
    this.told = null;
    this.ended = false;
    this.shown = PAGE;
    this.kind = this.group = "";
    this.number.value = "";
  }

  set(told) {
    if (told) this.told = told;
    this.#filters();
    this.#list();
    this.#chains();
  }

  stopped() {
    this.ended = true;
    this.#list();
  }

  /** Counts over the histories that are there. */
  found(found, histories) {
    const { told } = this;
    if (!found) {
      swap(this.counts);
      return;
    }
    const rows = KINDS.map(([kind, text]) => ({ kind, text, here: told?.kinds[kind], mean: found.people[kind] }));
    swap(this.counts, table(`People whose careers differ, ${histories > 1 ? `mean of ${num(histories)} pairs of histories; brackets: 95 %` : "in the first pair of histories"}`, [
      ["What differs", (row) => row.text], ["First history", (row) => (row.here === undefined ? "–" : num(row.here)), "r"],
      ...(histories > 1 ? [["Mean a history", (row) => counted(row.mean), "r"]] : []),
    ], rows));
  }

  #filters() {
    if (!this.told) return;
    swap(this.kindPick, select([["", "Anything"], ...KINDS.filter(([kind]) => this.told.kinds[kind])], this.kind, (value) => {
      this.kind = value;
      this.shown = PAGE;
      this.#list();
    }, { id: "changed-kind" }));
    swap(this.groupPick, select([["", "Anybody"], ["direct", "Reached by the change itself"], ...this.cohorts.map(({ name, label }) => [`cohort:${name}`, label])], this.group, (value) => {
      this.group = value;
      this.shown = PAGE;
      this.#list();
    }, { id: "changed-group" }));
  }

  #list() {
    const { told } = this;
    this.filters.hidden = !told || told.total === 0;
    if (!told) {
      this.note.textContent = this.ended ? "Stopped before it was known what led to what." : "What led to what is being read from the records of the first pair …";
      swap(this.list);
      this.more.hidden = true;
      return;
    }
    const number = this.number.value.trim();
    const fits = told.rows.filter((row) => (!this.kind || row.kind === this.kind) && (!number || String(row.researcher).startsWith(number))
      && (!this.group || (this.group === "direct" ? row.direct : row.cohorts.includes(this.group.slice(7)))));
    const wide = told.total > 0.2 * (this.app.market?.n ?? Infinity) ? " So many differ because every other choice moves posts, offers and pay a little further: most of them are no effect of the change that could be foreseen." : "";
    this.note.textContent = told.total === 0 ? "Nobody took another path." : `In the first history ${plural(told.total, "person", "people")} took another path; ${told.total > told.rows.length ? `the ${num(told.rows.length)} nearest to the change are listed, cohorts first` : "all are listed, cohorts first"}.${wide}`;
    swap(this.list, fits.slice(0, this.shown).map((row) => this.#row(row)), fits.length || told.total === 0 ? null : h("li", { class: "note", text: "Nobody listed fits." }));
    this.more.hidden = fits.length <= this.shown;
  }

  #row(row) {
    const name = `Researcher ${row.researcher}`;
    const who = this.isHere ? h("button", { type: "button", class: "link", onclick: () => this.app.select("person", row.researcher), "aria-label": `Show researcher ${row.researcher} in the market` }, h("b", {}, h("u", { text: name }))) : h("b", { text: name });
    const groups = row.cohorts.map((cohort) => this.cohorts.find(({ name: each }) => each === cohort)?.label ?? cohort).join(", ");
    const chain = row.chain.length > 1 ? h("details", {}, h("summary", { text: `The chain, ${row.chain.length} people` }), h("ol", { class: "chain" }, row.chain.map((line) => h("li", { text: worldsNamed(line) })))) : null;
    const led = row.led_to ? ` Led to other paths of ${plural(row.led_to, "person", "people")}.` : "";
    return h("li", {}, h("p", {}, who, ` ${this.#what(row)}`, groups ? h("span", { class: "sub", text: ` (${groups})` }) : null), h("p", { class: "sub", text: `Reached by: ${worldsNamed(row.reached)}.${led}` }), chain);
  }

  #what({ kind, employer, dates, places, month }) {
    const [[a, b], [one, two]] = [dates.map((date) => (date ? when(date) : "")), places];
    if (kind === "stayed") return `left ${employer} for ${one} in ${a} in A, and did not in B.`;
    if (kind === "left instead") return `left ${employer} for ${two} in ${b} in B, and did not in A.`;
    if (kind === "moved elsewhere") return `left ${employer} for ${one} in ${a} in A, and for ${two} in ${b} in B.`;
    if (kind === "left earlier" || kind === "left later") return `left ${employer} for ${one} in ${a} in A, and in ${b} in B.`;
    return `had the same departures, but another post from ${when(dateOf(this.start, month))} on.`;
  }

  #chains() {
    const { told } = this;
    if (!told || !told.total) {
      swap(this.chains);
      return;
    }
    const shares = Object.entries(told.shares).filter(([, count]) => count);
    swap(this.chains, table("How they were reached, first history", [["By what", ([text]) => text.charAt(0).toUpperCase() + text.slice(1)], ["People", ([, count]) => num(count), "r"]], shares),
      told.chains.length ? [h("h4", { text: "The longest chains" }), told.chains.map((chain) => h("ol", { class: "chain" }, chain.map((line) => h("li", { text: worldsNamed(line) }))))] : h("p", { class: "note", text: "No chain from person to person was found in the records." }));
  }
}

/** A mean count; its interval does not go below nobody. */
function counted({ mean, low, high }) {
  return isKnown(low) && low !== high ? `${num(mean)} (${num(Math.max(0, low))} to ${num(high)})` : num(mean);
}

/** "in the first world" as the page calls it. */
function worldsNamed(text) {
  return text.replaceAll("in the first world", "in A").replaceAll("in the second world", "in B").replaceAll("the first world", "A").replaceAll("the second world", "B");
}

