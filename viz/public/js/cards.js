// The card of whatever has been clicked: a person, a team, an employer, a dated event, or why somebody left.

import { told } from "./feed.js";
import { h, swap } from "./dom.js";
import { num, percent, plural, signed, when, words } from "./format.js";

export const TERM_WORDS = {
  pay: "pay", compute: "compute access", culture: "culture fit", peers: "colleagues", prestige: "prestige", equity: "equity", place: "place", match: "personal match",
  venture: "own venture", deprivation: "sister teams have more", strain: "strain", breach: "broken promises", embeddedness: "roots", personal: "own reasons", switching: "cost of switching",
  forfeited: "equity given up", delay: "notice, garden leave",
};
const FACT_WORDS = {
  n_members: "members", open_posts: "open posts", know_how: "working together", equity_ratio: "equity, share of pay", compute_need: "compute need", fit_felt: "culture fit felt", leavers: "ties who left lately",
  founder_propensity: "founding propensity", compute_per_head: "compute per head", reference_pay: "market pay for the skill", mean_pay: "mean pay", mean_strain: "mean strain", mean_utility: "mean value of the job",
  product_share: "share for products", gpu_ready: "sites fit for GPUs", pay_level: "first offer", pay_ceiling: "highest offer", counter_offer: "counter-offers", recruiter_contacts: "recruiters' contacts",
};
/** A note where what was chosen is worth less than another option that was held: no term explains that part of a choice. */
export function luckOf(card) {
  const taken = card.options.find((option) => option.taken);
  if (!taken || card.cause === "founded") return null;
  const above = card.options.filter((option) => option.state !== "no_place" && option.value > taken.value + 5e-4).sort((a, b) => b.value - a.value)[0];
  return above ? h("p", { class: "note luck", text: `What was chosen lies ${num(above.value - taken.value)} utils below the best, ${above.option}: the luck of the month decided, the part of a choice that no term explains.` }) : null;
}

export const CAUSES = { job: "took another job", startup_job: "joined a start-up", founded: "founded a start-up", left_field: "left the field", laid_off: "was laid off", startup_failed: "lost the job in a failure", imposed: "left, as the record says" };
export const BREACH = "An index that every breach adds to and that fades with time: 0 is none, and it has no upper end. It speaks for going.";
const MAIN = {
  person: ["pay", "reference_pay", "unvested", "tenure", "skill", "reputation", "visibility", "compute_per_head", "compute_need", "promised", "strain", "shock", "leavers", "fit_felt"],
  team: ["n_members", "posts", "compute_per_head", "request", "need", "priority", "mean_pay", "mean_utility", "mean_strain", "promise_share", "promise_kept"],
  employer: ["owned", "rented", "pool", "idle", "utilisation", "product_share", "lead_time", "pay_level", "pay_ceiling", "prestige", "capability", "cash", "valuation"],
};

export class Card {
  constructor(app) {
    this.app = app;
    this.node = h("article", { class: "card" });
  }

  /** Show a card; resolves to what the network should mark, or null when it could not be had. */
  async show(kind, row) {
    swap(this.node, h("p", { class: "loading", text: "Looking it up…" }));
    this.asked = row;
    try {
      if (kind === "departure") {
        const { card } = await this.app.link.ask("why", { departure: row.departure });
        if (this.asked === row) swap(this.node, ...this.#why(card, row));
        return { kind: "person", row: row.researcher };
      }
      const { card } = await this.app.link.ask("card", kind === "event" ? { kind, event: row } : { kind, row });
      if (this.asked !== row) return null;
      swap(this.node, ...{ person: (c) => this.#person(c), team: (c) => this.#team(c), employer: (c) => this.#employer(c), event: (c) => this.#event(c) }[kind](card), this.#asOf());
      return kind === "event" ? null : { kind, row, ties: kind === "person" ? new Map(card.ties.strongest.map((tie) => [tie.researcher, tie.strength])) : null };
    } catch (error) {
      swap(this.node, h("p", { class: "empty", role: "alert", text: error.message }));
      return null;
    }
  }

  #asOf() {
    const { market } = this.app;
    return market.cursor < market.month ? h("p", { class: "note", text: `The card tells of ${when(market.dateOf(market.month - 1))}, the last month that was run.` }) : null;
  }

  #link(kind, row, text) {
    return row < 0 || row === undefined ? text : h("button", { type: "button", class: "link", onclick: () => this.app.select(kind, row) }, h("u", { text }));
  }

  #facts(kind, facts) {
    const shown = MAIN[kind].map((name) => facts.find((fact) => fact.name === name)).filter((fact) => fact && !(fact.value === 0 && /cash|valuation|promise|rented|promised/.test(fact.name)));
    return h("dl", { class: "facts" }, shown.map(({ name, value, unit, meaning }) => [h("dt", { title: meaning, text: FACT_WORDS[name] ?? words(name).toLowerCase() }), h("dd", { title: meaning }, num(value), h("span", { class: "unit", text: unit }))]));
  }

  #terms(title, terms, note, speaksFor) {
    const rows = Object.entries(terms).filter(([, value]) => Math.abs(value) >= 0.005).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
    if (!rows.length) return [];
    return [h("h3", { text: title }), note ? h("p", { class: "note", text: note }) : null, bars(rows.map(([term, value]) => [TERM_WORDS[term] ?? words(term).toLowerCase(), value]), { speaksFor })];
  }

  #breach(breach) {
    const rows = Object.entries(breach).filter(([, value]) => value >= 0.005).sort((a, b) => b[1] - a[1]);
    return rows.length ? [h("h3", { text: "Broken promises, by source" }), h("p", { class: "note", text: BREACH }), bars(rows.map(([source, value]) => [words(source).toLowerCase(), value]), { speaksFor: "going", format: num })] : [];
  }

  #person(card) {
    const { job } = card;
    const at = job.team >= 0 ? ["Works at ", this.#link("employer", job.employer, job.employer_name), " / ", this.#link("team", job.team, job.team_name)] : [words(card.status)];
    const open = card.utility.is_open ? `This month a decision was open: ${card.utility.path}.` : "";
    return [
      h("h2", { text: card.name }),
      h("p", { class: "sub" }, at, `, ${card.site}. ${words(card.specialty)}.`, card.leads.length ? ` Leads ${card.leads.map((team) => this.app.market.teamName(team)).join(", ")}.` : ""),
      card.cohorts.length ? h("p", { class: "sub", text: `Belongs to: ${card.cohorts.map((name) => this.app.market.cohorts.find((cohort) => cohort.name === name)?.label || name).join("; ")}.` }) : null,
      this.#facts("person", card.facts),
      ...this.#terms("What the present job is worth", card.utility.terms, `${open} In utils; the sum is ${num(card.utility.value)}. Red speaks for staying, blue for going.`.trim(), "staying"),
      ...this.#breach(card.breach),
      card.offers.length ? h("h3", { text: "Offers this month" }) : null,
      card.offers.length ? h("ul", { class: "list" }, card.offers.map((offer) => h("li", {}, this.#link("employer", offer.employer, offer.employer_name), ` / ${offer.team_name}: ${num(offer.pay, 0)} kUSD, value ${num(offer.value)}, ${words(offer.state).toLowerCase()} (${offer.reach})`))) : null,
      h("h3", { text: "So far" }),
      h("ol", { class: "list" }, card.history.map((stay) => h("li", {}, `${when(stay.from)}${stay.to ? ` – ${when(stay.to)}` : " –"}: `, stay.employer >= 0 ? this.#link("employer", stay.employer, `${stay.employer_name} / ${stay.team_name}`) : stay.status))),
      card.departures.length ? h("ul", { class: "list" }, card.departures.map((left) => h("li", {}, h("button", { type: "button", class: "link", onclick: () => this.app.select("departure", left) }, told(left.words))))) : null,
      h("h3", { text: plural(card.ties.count, "tie") }),
      h("ul", { class: "list" }, card.ties.strongest.map((tie) => h("li", {}, this.#link("person", tie.researcher, `Researcher ${tie.researcher}`), `, ${words(tie.kind).toLowerCase()}, strength ${num(tie.strength)}, ${tie.employer_name || tie.status}`))),
    ];
  }

  #team(card) {
    const project = card.project;
    return [
      h("h2", { text: card.name }),
      h("p", { class: "sub" }, this.#link("employer", card.employer, card.employer_name), `, ${card.site}. ${words(card.topic)}.`, card.leader >= 0 ? [" Led by ", this.#link("person", card.leader, `researcher ${card.leader}`), "."] : " No leader."),
      project ? h("p", { class: "sub", text: `Works on ${project.name || "a project"}, planned for ${when(project.planned)}.` }) : null,
      card.escalated !== "did not ask" ? h("p", { class: "sub", text: `Asked for more compute and ${card.escalated}.` }) : null,
      this.#facts("team", card.facts),
      ...this.#breach(card.breach),
      card.past_projects.length ? [h("h3", { text: "Projects that have ended" }), h("ul", { class: "list" }, card.past_projects.map((past) => h("li", { text: `${past.name || "a project"}: ${past.state}${past.ended ? `, ${when(past.ended)}` : ""}` })))] : null,
      h("h3", { text: plural(card.departures.length, "departure") }),
      this.#left(card.departures),
      h("h3", { text: "Members" }),
      h("p", { class: "sub" }, card.members.slice(0, 60).map((person, k) => [k ? ", " : "", this.#link("person", person, String(person))]), card.members.length > 60 ? ` and ${card.members.length - 60} more` : ""),
    ];
  }

  #left(departures) {
    if (!departures.length) return h("p", { class: "note", text: "Nobody has left so far." });
    return h("ul", { class: "list" }, departures.slice(-12).reverse().map((left) => h("li", {}, `${when(left.date)}: `, h("button", { type: "button", class: "link", onclick: () => this.app.select("departure", left) }, told(left.words)))), departures.length > 12 ? h("li", { class: "note", text: `and ${departures.length - 12} earlier` }) : null);
  }

  #employer(card) {
    const list = (title, rows) => (rows.length ? [h("h3", { text: title }), bars(rows.slice(0, 8).map(({ name, count }) => [CAUSES[name] ?? name, count]), { format: num })] : []);
    return [
      h("h2", { text: card.name }),
      h("p", { class: "sub", text: `${words(card.kind)}, ${card.site}. ${plural(card.headcount, "researcher")} in ${plural(card.teams.length, "team")}.${card.founded ? ` Founded ${when(card.founded)}.` : ""}${card.closed ? ` Closed ${when(card.closed)}.` : ""}` }),
      h("p", { class: "sub", text: `Splits its compute ${words(card.rule).toLowerCase()}. ${num(card.left)} have left, ${num(card.came)} have come.` }),
      card.in_force.length ? h("p", { class: "sub", text: `In force: ${card.in_force.map((policy) => policy.words).join("; ")}.` }) : null,
      this.#facts("employer", card.facts),
      ...list("Where leavers went", card.went_to), ...list("How they left", card.causes), ...list("Where newcomers came from", card.came_from),
      h("h3", { text: "Culture" }), bars(Object.entries(card.culture).map(([name, value]) => [name, value]), { most: 1, format: percent }),
    ];
  }

  #event(card) {
    const { app } = this;
    return [
      h("h2", { text: card.label }),
      h("p", { class: "sub", text: `${when(card.date)} in this history; reported ${card.between[0] === card.between[1] ? when(card.reported) : `between ${when(card.between[0])} and ${when(card.between[1])}`}. ${card.imposed ? "Imposed on the model." : "Observed only: the model is not told."}` }),
      card.note ? h("p", { text: card.note }) : null,
      card.effects.length ? [h("h3", { text: "What it does in the model" }), h("ul", { class: "list" }, card.effects.map(({ kind, ...fields }) => h("li", { text: `${words(kind)}: ${Object.entries(fields).map(([name, value]) => `${words(name).toLowerCase()} ${Array.isArray(value) ? value.join(", ") : typeof value === "object" ? JSON.stringify(value) : value}`).join(", ")}` })))] : null,
      card.imposed ? h("div", { class: "bar-row" }, h("button", { type: "button", class: "primary", text: "What if this had not happened?", onclick: () => app.without(card.id) })) : null,
      card.departures.length ? [h("h3", { text: `${plural(card.departures.length, "departure")} by it directly` }), this.#left(card.departures)] : null,
      h("p", { class: "note", text: `Event ${card.id}. Sources: ${card.sources.join(", ") || "none given"}.` }),
    ];
  }

  #why(card, entry) {
    const gain = card.value_difference;
    const felt = this.#breach(card.breach);
    return [
      h("h2", {}, "Why ", this.#link("person", card.researcher, `researcher ${card.researcher}`), ` left ${card.from.team || card.from.employer}`),
      h("p", { class: "sub" }, `${when(card.date)}, after ${plural(card.tenure_months, "month")}: ${CAUSES[card.cause] ?? card.cause}`, card.cause === "job" || card.cause === "startup_job" ? ` at ${card.to.employer}${card.to.team ? ` / ${card.to.team}` : ""}` : "", card.to.pay ? `; pay ${num(card.from.pay, 0)} → ${num(card.to.pay, 0)} kUSD a year` : "", "."),
      h("p", { class: "sub", text: `What opened the decision: ${card.path}.${card.reach ? ` Reached by ${{ referral: "a referral", visible: "a recruiter's call", market: "an application" }[card.reach] ?? card.reach}${card.referrer >= 0 ? ` through researcher ${card.referrer}` : ""}.` : ""}${card.event ? ` By event ${card.event}.` : ""}` }),
      card.options.length ? [h("h3", { text: "Options held" }), h("p", { class: "note", text: "Value in utils; the one taken is marked." }), h("ul", { class: "list" }, card.options.map((option) => h("li", {}, option.taken ? "● " : "○ ", option.option, ` `, h("b", { text: num(option.value) }), option.pay ? ` (${num(option.pay, 0)} kUSD)` : "")))] : h("p", { class: "note", text: "No decision was made: there is nothing to compare." }),
      ...this.#terms("What made the difference", card.difference, card.options.length ? `Chosen less stay, in utils; the sum is ${signed(gain)}. Blue speaks for going, red for staying.` : "", "going"),
      luckOf(card),
      ...felt,
      h("div", { class: "bar-row" }, h("button", { type: "button", text: "Open on the Why page", onclick: () => this.app.explain(entry.departure) })),
    ];
  }
}

/**
 * Bars around zero with their numbers: [[name, value], ...].
 * @param speaksFor  what a value above zero speaks for, "going" or "staying"; nothing if the numbers only count
 */
export function bars(rows, { speaksFor = null, most = null, format = signed } = {}) {
  const high = most ?? Math.max(...rows.map(([, value]) => Math.abs(value)), 1e-9);
  const both = rows.some(([, value]) => value < 0);
  const other = { going: "staying", staying: "going" }[speaksFor];
  return h("div", { class: "terms-bars" }, rows.map(([name, value]) => {
    const width = ((both ? 50 : 100) * Math.min(1, Math.abs(value) / high)).toFixed(1);
    const left = both ? (value < 0 ? 50 - Number(width) : 50) : 0;
    return [h("span", { text: name }), h("span", { class: "bar" }, h("i", { class: (value < 0 ? other : speaksFor) ?? "", style: `left:${left}%;width:${width}%` })), h("span", { class: "n", text: format(value) })];
  }));
}
