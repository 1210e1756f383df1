// What the page knows of a market: its names, and every month that it has been told, so that time can be scrubbed here.

import { asDate, dateOf, monthOf, num, percent, plural, when } from "./format.js";
import { NOT_HERE, OUTSIDE, Seats } from "./layout.js";

export class Market {
  /** @param opening what the session answers when a market is opened */
  constructor(opening) {
    const { market } = opening;
    Object.assign(this, {
      name: market.name, title: market.title, why: market.why, start: market.start, months: market.months, seed: opening.seed,
      cohorts: market.cohorts.map((cohort) => ({ ...cohort })), events: market.events, sites: market.sites, rules: market.rules,
      number: opening.number, own: opening.own, shared: opening.shared, before: opening.before,
    });
    this.employers = market.employers.map((employer) => ({ ...employer, size: employer.researchers }));
    this.size = num(this.employers.reduce((sum, { size }) => sum + size, 0));
    this.teams = market.teams;
    this.statuses = market.statuses;
    this.place0 = market.place;
    this.n = market.place.length;
    this.teamByRow = new Map(this.teams.map((team) => [team.row, team]));
    this.employerByRow = new Map(this.employers.map((employer) => [employer.row, employer]));
    this.startups = [];
    this.pulls = opening.log;
    this.inForce = opening.in_force;
    this.parameters = opening.parameters; // in force now, where they are not the defaults
    this.dates = Array.from({ length: this.months }, (_, month) => asDate(this.start, month));
    this.reports = []; // of month 0, 1, 2 ...
    this.states = []; // before month 0, 1, 2 ...
    this.cursor = 0;
    this.#rank();
    this.seats = new Seats(this.n);
    for (let person = 0; person < this.n; person += 1) if (this.place0[person] !== NOT_HERE) this.seats.take(person, this.place0[person]);
    this.states.push({ place: Int16Array.from(this.place0), seats: Int32Array.from(this.seats.seat), moved: [] });
    for (const month of opening.past) this.append(month);
  }

  /** Months that have been run. */
  get month() {
    return this.reports.length;
  }

  /** Whether anything would be lost with it. */
  get begun() {
    return this.month > 0 || this.pulls.length > 0;
  }

  get over() {
    return this.month >= this.months;
  }

  get focal() {
    return this.employerByRow.get(this.ranked[0]);
  }

  dateOf(month) {
    return dateOf(this.start, month);
  }

  monthOf(date) {
    return monthOf(this.start, date);
  }

  /** The state shown when `month` months have been run, in words. */
  words(month) {
    return month === 0 ? `${when(this.start)}, before the first month` : `the end of ${when(this.dateOf(month - 1))}`;
  }

  /** Take in a month as the session tells it. */
  append(report) {
    const last = this.states.at(-1);
    const place = Int16Array.from(last.place);
    for (const found of report.new_employers) {
      const startup = { ...found, size: 0, foundedIn: this.month, team: report.new_teams.find((team) => team.employer === found.row)?.row };
      this.startups.push(startup);
      this.employerByRow.set(startup.row, startup);
    }
    for (const team of report.new_teams) this.teamByRow.set(team.row, team);
    for (const fixed of report.cohorts) Object.assign(this.cohorts.find(({ name }) => name === fixed.name), fixed);
    report.feed = [
      ...report.feed.flatMap(({ kind, n, all, each }) => Array.from({ length: n }, (_, k) => ({ kind, ...all, ...Object.fromEntries(Object.entries(each).map(([name, values]) => [name, values[k]])) }))),
      ...report.of_teams.flatMap(({ kind, words, teams }) => teams.map((team) => ({ kind, team, employer: this.employerOf(team), words: `${this.teamName(team)} ${words}` }))),
    ];
    for (const entry of report.feed) {
      if (entry.kind === "failed" || entry.kind === "bought") this.employerByRow.get(entry.employer).closedIn = this.month;
    }
    report.employerAt = new Map(Array.from(report.employer_rows, (row, k) => [row, k]));
    report.teamAt = new Map(Array.from(report.team_rows, (row, k) => [row, k]));
    const moved = Array.from(report.moved);
    for (const person of moved) this.seats.leave(person, place[person]);
    moved.forEach((person, k) => {
      place[person] = report.place[k];
      if (place[person] !== NOT_HERE) this.seats.take(person, place[person]);
    });
    const following = this.cursor === this.month;
    this.reports.push(report);
    this.states.push({ place, seats: Int32Array.from(this.seats.seat), moved });
    if (following) this.cursor = this.month;
  }

  at(month) {
    return this.states[Math.min(month, this.states.length - 1)];
  }

  movedIn(month) {
    return month > 0 ? this.at(month).moved : [];
  }

  offersIn(month) {
    return month > 0 ? this.reports[month - 1].offers : null;
  }

  employerOf(team) {
    return this.teamByRow.get(team)?.employer ?? -1;
  }

  isOpen(employer, month) {
    const found = this.employerByRow.get(employer);
    if (!found) return false;
    return (found.foundedIn ?? -1) < month && (found.closedIn ?? Infinity) >= month;
  }

  employerName(row) {
    return this.employerByRow.get(row)?.name ?? `employer ${row}`;
  }

  teamName(row) {
    return this.teamByRow.get(row)?.name ?? `team ${row}`;
  }

  placeName(place) {
    return place >= 0 ? `${this.employerName(this.employerOf(place))} / ${this.teamName(place)}` : (OUTSIDE[place] ?? "not in the market yet");
  }

  /** Colour class: 0 the employer that the scenario is about, 1-6 the next largest, 7 the rest. */
  colourOf(employer) {
    const rank = this.ranked.indexOf(employer);
    return rank >= 0 && rank < 7 ? rank : 7;
  }

  /** Head count by employer at a month. */
  headcounts(month) {
    const counts = new Map();
    for (const place of this.at(month).place) {
      if (place < 0) continue;
      const employer = this.employerOf(place);
      counts.set(employer, (counts.get(employer) ?? 0) + 1);
    }
    return counts;
  }

  employed(month) {
    return this.at(month).place.reduce((sum, place) => sum + (place >= 0), 0);
  }

  /** One metric of the whole market, by month. */
  series(metric) {
    return this.reports.map((report) => report.world[metric] ?? NaN);
  }

  /** One metric of one employer, by month. */
  ofEmployer(metric, row) {
    return this.reports.map((report) => report.employers[metric]?.[report.employerAt.get(row)] ?? NaN);
  }

  /** One metric of one team, by month. */
  ofTeam(metric, row) {
    return this.reports.map((report) => report.teams[metric]?.[report.teamAt.get(row)] ?? NaN);
  }

  /** Dated events and pulls with the month in which they fall, for axes. */
  get marks() {
    const pulls = this.pulls.map((pull) => ({ month: pull.month, label: pull.words, pull: true, imposed: true }));
    return [...this.events, ...pulls];
  }

  /** Share of a cohort that is not with its employer any more, by month from the month in which it was fixed. */
  cohortLeft(cohort) {
    const members = cohort.members ?? [];
    return this.states.slice(1).map(({ place }, month) => {
      if (month < this.monthOf(cohort.fixed) || !members.length) return NaN;
      const gone = members.reduce((sum, person) => sum + (place[person] < 0 || this.employerOf(place[person]) !== cohort.employer), 0);
      return gone / members.length;
    });
  }

  /** What a pointer is told. */
  tip(kind, row, month) {
    if (kind === "person") {
      const place = this.at(month).place[row];
      const groups = this.cohorts.filter((cohort) => cohort.members?.includes?.(row)).map((cohort) => cohort.label || cohort.name);
      return [`Researcher ${row}`, this.placeName(place), ...groups].join("\n");
    }
    if (kind === "team") {
      const size = this.at(month).place.reduce((sum, place) => sum + (place === row), 0);
      const report = this.reports[month - 1];
      const compute = report?.teams.compute_per_head[report.teamAt.get(row)];
      return [this.placeName(row), plural(size, "researcher"), compute === undefined ? "" : `${num(compute)} H100e per head`].filter(Boolean).join("\n");
    }
    const size = this.headcounts(month).get(row) ?? 0;
    const report = this.reports[month - 1];
    const left = report?.employers.departures[report.employerAt.get(row)];
    return [this.employerName(row), plural(size, "researcher"), left === undefined ? "" : `${num(left)} left this month (${percent(left / Math.max(1, size + left))})`].filter(Boolean).join("\n");
  }

  #rank() {
    const first = this.cohorts.length ? [this.cohorts[0].employer] : [];
    const others = [...this.employers].sort((a, b) => b.size - a.size).map((employer) => employer.row).filter((row) => !first.includes(row) && !/^(Other|Universit)/.test(this.employerName(row)));
    const rest = this.employers.map((employer) => employer.row).filter((row) => !first.includes(row) && !others.includes(row));
    this.ranked = [...first, ...others, ...rest];
  }
}

/** A run that was put aside, in words. */
export function runWords({ title, seed, last, pulls }) {
  return `${title}, seed ${seed}${last ? `, run through ${when(last)}` : ""}${pulls ? `, with ${plural(pulls, "pull")}` : ""}`;
}
