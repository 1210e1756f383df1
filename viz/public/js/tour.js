// A guided tour over the pages: a panel beside them that tells, asks the reader to bet before the run, and then runs.

import { INK, MUTED, Plot, figure } from "./charts.js";
import { complain, h, swap, waits } from "./dom.js";
import { num, plural, when } from "./format.js";

const SCENARIO = "meta_fair";
const GOING = "The months go by …";
const BEFORE = "2022-10"; // compute is short by then, and nobody of the authors has left

export class Tour {
  constructor(app) {
    this.app = app;
    this.at = 0;
    this.turn = 0; // of the steps that were shown: one that was left does nothing more
    this.bet = null;
    this.gone = null; // how many had left in the history as it was
    this.node = h("aside", { class: "tour", role: "dialog", "aria-label": "Guided tour", tabindex: -1 });
    app.on((what) => {
      if (!this.node.isConnected) return;
      if (what === "opened" && !this.opens && app.market.number !== this.market) this.close(); // it is about another market
      if (["month", "cursor", "theme"].includes(what)) this.figure?.refresh();
    });
  }

  async start() {
    Object.assign(this, { at: 0, bet: null, gone: null });
    document.getElementById("talent").append(this.node);
    const { market } = this.app;
    try {
      await this.opening(market.name !== SCENARIO || market.own || market.begun ? this.app.open(SCENARIO, 1) : null);
    } catch (error) {
      this.close();
      throw error;
    }
    await this.show();
  }

  /** Another market, opened by the tour itself. */
  async opening(done) {
    this.opens = true;
    try {
      await done;
    } finally {
      this.opens = false;
      this.market = this.app.market.number;
    }
  }

  close() {
    this.turn += 1;
    this.node.remove();
  }

  async show() {
    const step = STEPS[this.at];
    this.turn += 1;
    const { turn } = this;
    this.figure = null;
    const body = h("div", { class: "tour-body" });
    const next = h("button", { type: "button", class: "primary", text: this.at < STEPS.length - 1 ? "Next" : "Finish", onclick: () => this.next() });
    const back = h("button", { type: "button", class: "quiet", text: "Back", disabled: this.at === 0, onclick: () => {
      this.at -= 1;
      this.show();
    } });
    swap(this.node, h("div", { class: "tour-head" }, h("span", { class: "note", text: `Step ${this.at + 1} of ${STEPS.length}` }), h("button", { type: "button", class: "quiet", text: "×", "aria-label": "Close the tour", onclick: () => this.close() })),
      h("h2", { text: step.title }), body, h("div", { class: "bar-row" }, back, next));
    this.node.focus({ preventScroll: true });
    try {
      await step.show(this, (...parts) => swap(body, ...parts), next, () => this.turn === turn);
    } catch (error) {
      if (this.turn === turn) swap(body, ...said("This step could not be shown. Go back and come again, or close the tour."));
      complain(error);
    }
  }

  next() {
    if (this.at === STEPS.length - 1) {
      this.close();
      return;
    }
    this.at += 1;
    this.show();
  }

  /**
   * Run to the end of a calendar month, unless that lies behind; resolves when the page is there, or the step is left.
   * The node says that months go by, or that the reader has paused.
   */
  async runTo(date, node) {
    const { app, turn } = this;
    const until = app.market.monthOf(date) + 1;
    if (app.market.month < until) {
      app.transport.run(until);
      let paused = false;
      await new Promise((resolve) => {
        const look = setInterval(() => {
          paused ||= !app.playing;
          node.textContent = app.playing ? GOING : "Paused: press Play below to go on.";
          if (app.market.month >= until || this.turn !== turn) {
            clearInterval(look);
            resolve();
          }
        }, 150);
      });
      if (paused && app.playing && this.turn === turn) app.transport.toggle(); // the reader's Play goes to the end
    }
    if (this.turn === turn) app.transport.scrub(Math.min(until, app.market.month));
  }

  /** The observation that is bet on: the first whose value may be shown. */
  async asked() {
    const { observed } = await this.app.ask("observed");
    return observed.find((each) => each.left_max !== null) ?? observed[0];
  }

  /** How many of a cohort have left by the end of a month, as far as it has been run. */
  count({ cohort, date }) {
    const { market } = this.app;
    const known = market.cohorts.find(({ name }) => name === cohort);
    return Math.round((market.cohortLeft(known)[market.monthOf(date)] ?? 0) * known.members.length);
  }

  /** The cohort that is bet on, month by month, with the bet and what was reported. */
  chart(row) {
    const { app } = this;
    const known = app.market.cohorts.find(({ name }) => name === row.cohort);
    const gone = () => app.market.cohortLeft(known).map((share, month) => ({ date: app.market.dates[month], gone: share * row.size })).filter((each) => Number.isFinite(each.gone));
    const [from, to] = [known.fixed, row.date].map((date) => app.market.dates[app.market.monthOf(date)]);
    this.figure = figure({
      title: "Authors who have left", unit: `of ${row.size}`, height: 190, compact: true,
      rows: () => ({ columns: ["month", "gone"], rows: gone().map((each) => [each.date.toISOString().slice(0, 7), each.gone]) }),
      draw: () => ({
        marginRight: 78, x: { type: "utc", domain: [from, to], label: null, ticks: 4, tickSize: 3 }, y: { label: null, grid: true, domain: [0, row.size], ticks: 4 },
        marks: [
          Plot.lineY(gone().filter((each) => each.date <= to), { x: "date", y: "gone", stroke: INK, strokeWidth: 2.2, curve: "step-after" }),
          row.left_max === null ? null : [Plot.ruleX([to], { y1: row.left_min, y2: row.left_max, stroke: MUTED, strokeWidth: 5 }), Plot.text([to], { x: to, y: row.left_max, text: () => "reported", dx: 8, dy: -4, textAnchor: "start", fill: MUTED })],
          this.bet === null ? null : [Plot.ruleY([this.bet], { x1: from, x2: to, stroke: "var(--blue)", strokeDasharray: "4 3" }), Plot.text([this.bet], { x: to, y: this.bet, text: () => "your bet", dx: 8, dy: 5, textAnchor: "start", fill: "var(--blue)", fontWeight: 600 })],
        ],
      }),
    });
    return this.figure;
  }
}

const said = (...sentences) => sentences.map((sentence) => h("p", { text: sentence }));

const STEPS = [
  {
    title: "A laboratory and its neighbours",
    async show(tour, put) {
      const { app } = tour;
      app.go("market");
      app.transport.scrub(0);
      put(...said(
        `It is ${when(app.market.start)}. Every dot is a researcher, every cluster a team, every circle an employer; ${app.market.size} people in all. The red ones work at Meta, whose research lab is the story here.`,
        "Nobody here is a real person: teams, dates and sums of money are those that were reported, people are drawn.",
        "Click on a dot, a team or a circle to see its card. Then go on."));
    },
  },
  {
    title: "Compute runs short",
    async show(tour, put, next, here) {
      const { app } = tour;
      const going = h("p", { role: "status", text: GOING });
      put(going);
      app.go("market");
      await tour.runTo(BEFORE, going);
      if (!here()) return;
      const strayed = app.page !== "market"; // the reader has gone elsewhere meanwhile, and is not fetched back
      if (!strayed) app.go("compute");
      put(...said(
        "By autumn 2022 two groups train large language models under one roof. The lab owns less than its rivals, a share of it works for products, and a chip of its own has been given up.",
        "The Compute page shows what each team needs and what it gets. Where the mark is red, work goes slower, releases slip, and people notice that others have more: first inside, then outside."),
        strayed ? h("button", { type: "button", text: "Show the Compute page", onclick: () => app.go("compute") }) : null);
    },
  },
  {
    title: "Bet before you look",
    async show(tour, put, next, here) {
      const { app } = tour;
      app.go("market");
      const row = await tour.asked();
      if (!here()) return;
      const range = h("input", { type: "range", min: 0, max: row.size, step: 1, value: tour.bet ?? Math.round(row.size / 2), id: "tour-bet", oninput: () => (guess.textContent = range.value) });
      const guess = h("output", { for: "tour-bet", class: "guess", text: range.value });
      next.disabled = tour.bet === null;
      const run = h("button", { type: "button", class: "primary", text: "That is my bet: run", onclick: waits(async () => {
        tour.bet = Number(range.value);
        run.disabled = true;
        range.disabled = true;
        const chart = tour.chart(row);
        const going = h("p", { role: "status", text: GOING });
        put(...said(`You bet ${num(tour.bet)} of ${row.size}.`), going, chart);
        chart.refresh();
        await tour.runTo(row.date, going);
        if (!here()) return;
        const gone = tour.count(row);
        if (!app.market.pulls.length) tour.gone = gone;
        const seen = row.left_max === null ? "" : ` Reported: ${row.left_min} to ${row.left_max}.`;
        put(...said(`You bet ${num(tour.bet)} of ${row.size}. In this history ${num(gone)} are gone by ${when(row.date)}.${seen}`), chart,
          ...said("One history is an anecdote: another seed gives another number, which is why the Why page draws fans over many."));
        chart.refresh();
        next.disabled = false;
      }) });
      put(...said(`The ${row.size} ${row.label} are fixed in January 2023. The paper makes them famous; every recruiter has their names. How many of them will have left by ${when(row.date)}?`),
        h("div", { class: "bet" }, h("label", { for: "tour-bet", text: "Your bet" }), range, guess), run);
      if (tour.bet !== null) run.click();
    },
  },
  {
    title: "Why they left",
    async show(tour, put) {
      const { app } = tour;
      app.go("market");
      const entries = app.market.reports.flatMap((report) => report.feed.filter((entry) => entry.kind === "departure" && entry.cohorts.length && entry.voluntary));
      const entry = entries.at(-1);
      if (entry) app.select("departure", entry);
      put(...said(
        entry ? `Beside this panel is the card of the last author who left: researcher ${entry.researcher}. It shows every option held and what each is worth, term by term; the bars sum to the difference.` : "None of the authors has left in this history yet; in others many do.",
        "What opened the decision is told apart from what was chosen: a shock such as a cancelled project makes people look; pay, compute and colleagues decide where they go.",
        `So far ${plural(entries.length, "author")} of the two papers went of their own will.`));
    },
  },
  {
    title: "What would have kept them?",
    async show(tour, put, next, here) {
      const { app } = tour;
      put(...said(`Back to ${when(BEFORE)} …`));
      next.disabled = true;
      const row = await tour.asked();
      const from = app.market.monthOf(BEFORE) + 1;
      if (here() && app.market.month > from) await tour.opening(app.ask("branch", { month: from }).then((opening) => app.show(opening)));
      if (!here()) return;
      next.disabled = false;
      app.go("levers");
      const event = app.market.events.find(({ id }) => id === "E46");
      const result = h("p", { "aria-live": "polite" });
      const run = h("button", { type: "button", text: `Run to ${when(row.date)} and count`, onclick: waits(async () => {
        run.disabled = true;
        const pulls = app.market.pulls.length;
        await tour.runTo(row.date, result);
        if (!here()) return;
        const was = tour.gone === null ? "" : ` As it was, ${num(tour.gone)} were.`;
        result.textContent = `${pulls ? `With ${plural(pulls, "pull")}` : "With nothing pulled"} ${num(tour.count(row))} of ${row.size} are gone by ${when(row.date)}.${was}`;
      }) });
      put(...said(
        `It is ${when(app.market.dateOf(app.market.month))} again, before the first of them leaves; the history that you have seen can be brought back below. Now it is your turn: pull a lever. It counts from this month on, and the rest of the history goes on with the same people and the same luck.`),
        run, result,
        ...said("Or undo the past: this runs the history once as it was and once without the cancelled project, and tells who took another path and through which chain."),
        event ? h("button", { type: "button", text: `Without: ${event.label}`, onclick: () => app.without(event.id) }) : null);
    },
  },
];
