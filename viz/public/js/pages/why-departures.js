// One departure: a list to search, and the card with options, what made the difference, how it came, and what would have kept.

import { BREACH, CAUSES, TERM_WORDS, luckOf } from "../cards.js";
import { GOING, INK, MUTED, Plot, STAYING, bars, figure } from "../charts.js";
import { h, select, swap } from "../dom.js";
import { told } from "../feed.js";
import { num, plural, signed, when, words } from "../format.js";
import { Work } from "../work.js";
import { stacked } from "../worlds.js";

const PAGE = 40;
const SMALL = 0.005; // utils
const PATHS = {
  none: "nothing that the model knows: the record says that this role left", routine: "a reason of one’s own, without outside cause", shock: "a shock", "slow build-up": "a slow build-up: the outside looked better and better",
  colleagues: "colleagues who left", offer: "an approach from outside", founding: "an idea to found",
};
const UNDECIDED = { laid_off: "it was a layoff", startup_failed: "the start-up failed", imposed: "the record says that this role left" };
const REACH = { referral: "a referral", visible: "a recruiter’s call", market: "an application" };

export class Departures {
  constructor(app) {
    this.app = app;
    this.shown = PAGE;
    this.chosen = null;
    this.filters = { employer: "", cohort: "", cause: "" };
    this.search = h("input", { type: "search", id: "why-search", placeholder: "Number, team, employer or reason", oninput: () => this.#again() });
    this.picks = h("div", { class: "bar-row" });
    this.count = h("p", { class: "note", role: "status" });
    this.list = h("ul", { class: "departures", "aria-label": "Departures, newest first" });
    this.more = h("button", { type: "button", text: "Show more", hidden: true, onclick: () => {
      this.shown += PAGE;
      this.#list();
    } });
    this.card = h("article", { class: "why-card", "aria-live": "polite" }, h("p", { class: "empty", text: "Choose a departure to see why." }));
    this.work = new Work(app, "keep", "Trying raises, compute and events on copies of this history", { onEnd: (state, result) => {
      if (state === "done" && result.departure === this.chosen) this.#kept(result);
      this.keepIt.disabled = false;
    } });
    this.keepIt = h("button", { type: "button", text: "What would have kept this person?", onclick: () => this.#keep().catch(() => {}) });
    this.keepHost = h("div", {});
    this.node = h("div", { class: "split why-split" },
      h("div", {}, h("div", { class: "labelled" }, h("label", { for: "why-search", text: "Search departures" }), this.search), this.picks, this.count, this.list, this.more), this.card);
  }

  show() {
    this.#picks();
    this.#list();
  }

  update(what, detail, visible) {
    if (what === "opened") {
      this.chosen = null;
      this.filters = { employer: "", cohort: "", cause: "" };
      swap(this.card, h("p", { class: "empty", text: "Choose a departure to see why." }));
    }
    if (visible && ["opened", "month", "paused"].includes(what)) this.show();
    if (visible && what === "theme") for (const each of this.charts ?? []) each.refresh();
  }

  /** Show the card of a departure by its number. */
  pick(departure) {
    this.#open(departure).catch(() => {});
  }

  get #all() {
    const { market } = this.app;
    return market.reports.flatMap((report, month) => report.feed.filter((entry) => entry.kind === "departure").map((entry) => ({ ...entry, month }))).reverse();
  }

  #picks() {
    const { market } = this.app;
    const box = (name, label, options) => h("div", { class: "labelled" }, h("label", { for: `why-${name}`, text: label }), select([["", "All"], ...options], this.filters[name], (value) => {
      this.filters[name] = value;
      this.#again();
    }, { id: `why-${name}` }));
    swap(this.picks, box("employer", "Left", market.employers.map(({ row, name }) => [row, name])), box("cohort", "Cohort", market.cohorts.map(({ name, label }) => [name, label || name])), box("cause", "How", Object.entries(CAUSES)));
  }

  #again() {
    this.shown = PAGE;
    this.#list();
  }

  #list() {
    const { market } = this.app;
    if (!market) return;
    const { employer, cohort, cause } = this.filters;
    const wanted = this.search.value.trim().toLowerCase();
    const fits = this.#all.filter((entry) => (employer === "" || entry.from_employer === Number(employer)) && (cohort === "" || entry.cohorts.includes(cohort)) && (cause === "" || entry.cause === cause)
      && (wanted === "" || `${entry.words} ${entry.path} ${market.employerName(entry.from_employer)}`.toLowerCase().includes(wanted)));
    this.count.textContent = market.month === 0 ? "Nothing has happened yet: press Play below, or run to a month." : `${plural(fits.length, "departure")} up to ${when(market.dateOf(market.month - 1))}, newest first.`;
    swap(this.list, fits.slice(0, this.shown).map((entry) => h("li", {}, h("button", { type: "button", class: "link", "aria-current": entry.departure === this.chosen ? "true" : null, onclick: () => this.pick(entry.departure) },
      h("span", { class: "sub", text: `${when(market.dateOf(entry.month))} ` }), told(entry.words)))));
    this.more.hidden = fits.length <= this.shown;
  }

  async #open(departure) {
    this.chosen = departure;
    for (const button of this.list.querySelectorAll("[aria-current]")) button.removeAttribute("aria-current");
    swap(this.card, h("p", { class: "loading", text: "Looking it up …" }));
    let answer;
    try {
      answer = await this.app.link.ask("why", { departure });
    } catch (error) {
      swap(this.card, h("p", { class: "empty", role: "alert", text: error.message }));
      return;
    }
    if (this.chosen !== departure) return;
    this.#list();
    this.#draw(answer.card);
    if (innerWidth <= 900) this.card.scrollIntoView({ block: "start" });
  }

  // ---- the card ----------------------------------------------------------------------------------------------------

  #draw(card) {
    const { app } = this;
    const decided = card.options.length > 0;
    const link = (row) => h("button", { type: "button", class: "link", onclick: () => app.select("person", row) }, h("u", { text: `researcher ${row}` }));
    const felt = Object.entries(card.breach).filter(([, size]) => size > SMALL).sort((a, b) => b[1] - a[1]);
    this.charts = decided ? [this.#options(card), this.#waterfall(card)] : [];
    if (felt.length) this.charts.push(figure({ title: "Breach of the contract felt, by source", full: of("Breach of the contract felt, by source", card), unit: "index: 0 is none, without an upper end", note: BREACH, height: 40 + 24 * felt.length, draw: (width) => bars(felt.map(([source, value]) => ({ name: words(source), value })), { width, left: 130 }), rows: () => ({ columns: ["source", "felt"], rows: felt }) }));
    swap(this.keepHost);
    this.work.begin(null);
    this.keepIt.disabled = false;
    swap(this.card,
      h("h3", {}, "Why ", link(card.researcher), ` left ${card.from.employer}`),
      h("p", { class: "lead" }, this.#sentence(card)),
      h("dl", { class: "facts" },
        fact("When", `${when(card.date)}, after ${plural(card.tenure_months, "month")} in ${card.from.team || card.from.employer}`),
        fact("Went to", card.to.employer ? `${card.to.employer}${card.to.team ? ` / ${card.to.team}` : ""}` : CAUSES[card.cause] ?? words(card.cause)),
        card.to.pay ? fact("Pay", `${num(card.from.pay, 0)} → ${num(card.to.pay, 0)} kUSD a year`) : null,
        decided ? fact("Opened by", PATHS[card.path] ?? card.path) : null,
        card.reach ? fact("The offer came by", [REACH[card.reach] ?? card.reach, card.referrer >= 0 ? [" through ", link(card.referrer)] : ""]) : card.referrer >= 0 ? fact("Asked by", [link(card.referrer), ", who founded"]) : null,
        card.event ? fact("Event", this.#eventOf(card.event)) : null),
      decided ? null : h("p", { class: "note", text: `No decision was made by this person: ${UNDECIDED[card.cause] ?? "there are no options to weigh"}.` }),
      this.charts.slice(0, decided ? 2 : 0), luckOf(card), this.charts.slice(decided ? 2 : 0),
      h("div", { class: "bar-row" }, decided ? this.keepIt : null, h("button", { type: "button", class: "quiet", text: "Show in the market", onclick: () => app.select("person", card.researcher) })),
      decided ? [h("p", { class: "note", text: "Searched on copies of this history, with the pulls of the present run, and verified by running the whole history again. It takes about a minute." }), this.work.node, this.keepHost] : null);
  }

  #sentence(card) {
    const gains = Object.entries(card.difference).filter(([, value]) => value > 0.05).sort((a, b) => b[1] - a[1]).slice(0, 2);
    const losses = Object.entries(card.difference).filter(([, value]) => value < -0.05).sort((a, b) => a[1] - b[1]).slice(0, 1);
    const name = ([term]) => TERM_WORDS[term] ?? term;
    const how = { left_field: "left the field", laid_off: "was laid off", startup_failed: "lost the job when the start-up failed", founded: "founded a start-up" }[card.cause] ?? `went to ${card.to.employer}`;
    const most = gains.length ? `: what spoke for it most was ${gains.map(name).join(" and ")}` : "";
    const against = gains.length && losses.length ? `, against ${losses.map(name).join("")}` : "";
    const opened = card.voluntary && card.path !== "none" ? ` The decision was opened by ${PATHS[card.path] ?? card.path}.` : "";
    return `${when(card.date)}: this person ${how}${most}${against}.${opened}`;
  }

  #eventOf(id) {
    const event = this.app.market.events.find((each) => each.id === id);
    return [event ? `${event.label} (${id}) ` : `${id} `, event?.imposed ? h("button", { type: "button", class: "link", onclick: () => this.app.without(id) }, h("u", { text: "What if it had not happened?" })) : null];
  }

  #options(card) {
    const rows = card.options.map((option) => ({ name: option.option, value: option.value, taken: option.taken, pay: option.pay, state: option.state }));
    const cut = (name) => (name.length > 30 ? `${name.slice(0, 28)}…` : name);
    return figure({
      title: "Options held", full: of("Options held", card), unit: "value in utils", note: "The one taken stands out. What counts is the distance between the bars, not zero.", height: 36 + 26 * rows.length,
      rows: () => ({ columns: ["option", "value", "taken", "pay kUSD", "state"], rows: rows.map((row) => [row.name, row.value, row.taken ? "yes" : "no", row.pay ?? "", row.state ?? ""]) }),
      draw: (width) => ({
        height: 36 + 26 * rows.length, marginLeft: Math.min(200, width * 0.46), marginRight: 44, marginBottom: 22, x: { label: null, grid: true, ticks: 4 }, y: { label: null, type: "band", domain: rows.map((_, k) => k), tickFormat: (k) => cut(rows[k].name), tickSize: 0, padding: 0.3 },
        marks: [Plot.barX(rows, { y: (_, k) => k, x: "value", fill: (row) => (row.taken ? INK : "var(--ghost)"), title: (row) => `${row.name}${row.pay ? `, ${num(row.pay, 0)} kUSD a year` : ""}: ${num(row.value)}` }), Plot.ruleX([0], { stroke: MUTED }),
          Plot.text(rows, { y: (_, k) => k, x: (row) => Math.max(0, row.value), text: (row) => num(row.value, 2), dx: 5, textAnchor: "start", fill: INK })],
      }),
    });
  }

  #waterfall(card) {
    const terms = Object.entries(card.difference).filter(([, value]) => Math.abs(value) > SMALL).sort((a, b) => b[1] - a[1]);
    const steps = stacked(0, terms.map(([term, value]) => ({ name: TERM_WORDS[term] ?? words(term), value })));
    const rows = [...steps, { name: "sum", value: card.value_difference, from: 0, to: card.value_difference, total: true }];
    return figure({
      title: "What made the difference", full: of("What made the difference", card), unit: "what was chosen less staying, in utils", note: "Read from the top: each term moves the balance to the right (for going) or to the left (for staying); the last bar is what remains.", key: [["for going", GOING, "square"], ["for staying", STAYING, "square"]], height: 34 + 23 * rows.length,
      rows: () => ({ columns: ["term", "difference"], rows: rows.map((row) => [row.name, row.value]) }), draw: (width) => cascade(rows, width, { left: 170, format: (value) => signed(value) }),
    });
  }

  async #keep() {
    const departure = this.chosen;
    this.keepIt.disabled = true;
    try {
      const answer = await this.app.ask("keep", { departure });
      this.work.begin(answer.job);
      if (answer.found) {
        this.keepIt.disabled = false;
        if (departure === this.chosen) this.#kept(answer.found);
      }
    } catch (error) {
      this.keepIt.disabled = false;
      throw error;
    }
  }

  #kept(found) {
    const events = found.event.filter((row) => row.kept && row.verified);
    const amounts = [...found.pay, ...found.compute];
    swap(this.keepHost, h("p", { class: "lead", text: found.sentence }),
      h("p", { class: "note", text: `Kept means: never left before, and there at the end of ${when(found.kept_until)}.${found.decided ? "" : " The departure was not this person’s decision, so only events were tried."}` }),
      amounts.length ? h("ul", { class: "list" }, amounts.map((row) => h("li", { text: amount(row) }))) : null,
      events.length ? [h("p", { class: "label", text: "Events without which this person would have stayed, in this history" }), h("ul", { class: "list" }, events.map((row) => h("li", {}, `${when(row.date)}: ${row.label || row.event} `, h("button", { type: "button", class: "link", onclick: () => this.app.without(row.event) }, h("u", { text: "compare the whole market without it" })))))] : null);
  }
}

function amount(row) {
  const what = row.kind === "pay" ? "A raise" : "More compute for the team";
  const from = row.months_before ? `${plural(row.months_before, "month")} before` : "in the month of the departure";
  if (row.amount === null) return `${what}, ${from}: no amount found${row.why_not ? ` (${row.why_not})` : ""}.`;
  return `${what} of ${num(row.amount, 0)} ${row.unit}, ${from}: ${row.verified ? "keeps, verified" : "not confirmed by the second run"}.`;
}

/** The title of a chart of one departure where it stands alone. */
function of(title, card) {
  return `${title}: researcher ${card.researcher} leaves ${card.from.employer}, ${when(card.date)}`;
}

function fact(name, value) {
  return [h("dt", { text: name }), h("dd", {}, value)];
}

/** Plot options of a waterfall lying down: rows {name, value, from, to, total, low, high}. */
export function cascade(rows, width, { left = 150, format = signed, base = 0, titles = (row) => row.name } = {}) {
  const colour = (row) => (row.total ? INK : row.value < 0 ? STAYING : GOING);
  const cut = Math.max(12, Math.floor(Math.min(left, width * 0.44) / 6.3));
  return {
    height: 34 + 23 * rows.length, marginLeft: Math.min(left, width * 0.44), marginRight: 62, marginBottom: 24, marginTop: 8,
    x: { label: null, grid: true, ticks: width < 420 ? 3 : 5, nice: true, zero: base === 0 },
    y: { label: null, type: "band", domain: rows.map((_, k) => k), tickFormat: (k) => (rows[k].name.length > cut ? `${rows[k].name.slice(0, cut - 1)}…` : rows[k].name), tickSize: 0, padding: 0.3 },
    marks: [
      Plot.ruleX([base], { stroke: MUTED }),
      Plot.link(rows.slice(0, -1), { x1: "to", x2: "to", y1: (_, k) => k, y2: (_, k) => k + 1, stroke: "var(--ghost)" }),
      Plot.barX(rows, { y: (_, k) => k, x1: "from", x2: "to", fill: colour, title: titles }),
      Plot.ruleY(rows.filter((row) => Number.isFinite(row.low)), { y: (row) => rows.indexOf(row), x1: (row) => row.from + row.low, x2: (row) => row.from + row.high, stroke: INK, strokeWidth: 1.3 }),
      Plot.text(rows, { y: (_, k) => k, x: (row) => Math.max(row.from, row.to, Number.isFinite(row.high) ? row.from + row.high : -Infinity), text: (row) => (row.total ? num(row.to, 2) : format(row.value)), dx: 6, textAnchor: "start", fill: INK }),
    ],
  };
}
