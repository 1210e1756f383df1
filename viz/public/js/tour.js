// A guided tour over the pages: a small panel that tells, asks the reader to bet before the run, and then runs.

import { h, swap } from "./dom.js";
import { num, plural, when } from "./format.js";

const SCENARIO = "meta_fair";

export class Tour {
  constructor(app) {
    this.app = app;
    this.at = 0;
    this.bet = null;
    this.node = h("aside", { class: "tour", role: "dialog", "aria-label": "Guided tour", tabindex: -1 });
  }

  async start() {
    this.at = 0;
    this.bet = null;
    (document.getElementById("talent") ?? document.body).append(this.node);
    if (this.app.market.name !== SCENARIO || this.app.market.month > 0) await this.app.open(SCENARIO, 1);
    await this.show();
  }

  close() {
    this.node.remove();
  }

  async show() {
    const step = STEPS[this.at];
    const body = h("div", { class: "tour-body" });
    const next = h("button", { type: "button", class: "primary", text: this.at < STEPS.length - 1 ? "Next" : "Finish", onclick: () => this.next() });
    const back = h("button", { type: "button", class: "quiet", text: "Back", disabled: this.at === 0, onclick: () => {
      this.at -= 1;
      this.show();
    } });
    swap(this.node, h("div", { class: "tour-head" }, h("span", { class: "note", text: `Step ${this.at + 1} of ${STEPS.length}` }), h("button", { type: "button", class: "quiet", text: "×", "aria-label": "Close the tour", onclick: () => this.close() })),
      h("h2", { text: step.title }), body, h("div", { class: "bar-row" }, back, next));
    this.node.focus({ preventScroll: true });
    await step.show(this, (...parts) => swap(body, ...parts), next);
  }

  next() {
    if (this.at === STEPS.length - 1) {
      this.close();
      return;
    }
    this.at += 1;
    this.show();
  }

  /** Run to the end of a calendar month, unless that lies behind; resolves when the page is there. */
  async runTo(date) {
    const { app } = this;
    const until = app.market.monthOf(date) + 1;
    if (app.market.month < until) {
      app.transport.run(until);
      await new Promise((resolve) => {
        const look = setInterval(() => {
          if (app.market.month >= until || !this.node.isConnected) {
            clearInterval(look);
            resolve();
          }
        }, 150);
      });
    }
    app.transport.scrub(Math.min(until, app.market.month));
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
    async show(tour, put) {
      const { app } = tour;
      put(...said("The months go by …"));
      app.go("market");
      await tour.runTo("2022-10");
      if (!tour.node.isConnected) return;
      app.go("compute");
      put(...said(
        "By autumn 2022 two groups train large language models under one roof. The lab owns less than its rivals, a share of it works for products, and a chip of its own has been given up.",
        "The page behind this panel shows what each team needs and what it gets. Where the mark is red, work goes slower, releases slip, and people notice that others have more: first inside, then outside."));
    },
  },
  {
    title: "Bet before you look",
    async show(tour, put, next) {
      const { app } = tour;
      app.go("market");
      const { observed } = await app.ask("observed");
      const row = observed.find((each) => each.left_max !== null) ?? observed[0];
      const range = h("input", { type: "range", min: 0, max: row.size, step: 1, value: tour.bet ?? Math.round(row.size / 2), id: "tour-bet", oninput: () => (guess.textContent = range.value) });
      const guess = h("output", { for: "tour-bet", class: "guess", text: range.value });
      next.disabled = tour.bet === null;
      const run = h("button", { type: "button", class: "primary", text: "That is my bet: run", onclick: async () => {
        tour.bet = Number(range.value);
        run.disabled = true;
        range.disabled = true;
        await tour.runTo(row.date);
        if (!tour.node.isConnected) return;
        const cohort = app.market.cohorts.find(({ name }) => name === row.cohort);
        const gone = Math.round((app.market.cohortLeft(cohort)[app.market.monthOf(row.date)] ?? 0) * cohort.members.length);
        const seen = row.left_max === null ? "" : ` Reported: ${row.left_min} to ${row.left_max}.`;
        put(...said(`You bet ${num(tour.bet)} of ${row.size}. In this history ${num(gone)} are gone by ${when(row.date)}.${seen}`,
          "One history is an anecdote: another seed gives another number, which is why the Why page draws fans over many. The curve “Cohorts: gone” under the network shows the same people."));
        next.disabled = false;
      } });
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
        entry ? `At the right is the card of the last author who left: researcher ${entry.researcher}. It shows every option held and what each is worth, term by term; the bars sum to the difference.` : "None of the authors has left in this history yet; in others many do.",
        "What opened the decision is told apart from what was chosen: a shock such as a cancelled project makes people look; pay, compute and colleagues decide where they go.",
        `So far ${plural(entries.length, "author")} of the two papers went of their own will.`));
    },
  },
  {
    title: "What would have kept them?",
    async show(tour, put) {
      const { app } = tour;
      app.go("levers");
      const event = app.market.events.find(({ id }) => id === "E46");
      put(...said(
        "Now it is your turn. Pull a lever: from the next month on it counts, with its date, and the rest of the history goes on with the same people and the same luck.",
        "Or undo the past: the button below runs the history once as it was and once without the cancelled project, and tells who took another path and through which chain."),
        event ? h("button", { type: "button", text: `Without: ${event.label}`, onclick: () => app.without(event.id) }) : null);
    },
  },
];
