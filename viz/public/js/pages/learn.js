// Learn: the tour, and the model in plain words with each equation one click away.

import { equation } from "../equations.js";
import { complain, h, style, swap, table, waits } from "../dom.js";
import { words } from "../format.js";
import { Tour } from "../tour.js";

export default { id: "learn", title: "Learn", still: true, build };

const IDEAS = [
  ["Everybody weighs a job by the same list of reasons", ["Pay, compute, culture, colleagues, prestige, equity and place; what has been promised and broken; strain; roots. How much each reason counts differs from person to person: many do not care for compute at all, some care for little else. The unit is the util: a difference of one makes an option about 2.7 times as likely to be taken as another that is otherwise equal."], ["utility"]],
  ["Compute counts until the need is met, and less after that", ["A researcher with none of the compute that the work needs gains nothing from it; with as much as needed, one; with plenty, at most two. What is needed grows as models grow, so standing still is falling behind."], ["phi"]],
  ["Leaving has two stages", ["Most people do not look around in most months. A shock, an offer, colleagues who leave, or an outside that has come to look better opens the decision. Only then are options compared. This is why a month without pay cuts can still be a month of departures, and why the same offer moves one person and not another."], ["open", "choice"]],
  ["Who gets the compute is a rule, and rules differ", ["Six rules can be chosen: equal per head, by demand, a committee that weighs priority, closeness to release and request, winner takes all, max-min fair, and an auction of tokens. A team that gets far less than it needs may ask the head of research; what was promised and not kept is remembered."], ["committee"]],
  ["Projects slip or ship", ["Progress comes from compute and from skill. A release makes its people known, and known people are called. A project that is cancelled breaks a promise."], ["progress"]],
  ["Recruiters follow the graph", ["Half of the way goes over who knows whom: people who have left pull those who know them. The rest goes by fame, and by those who apply. Offers name a pay that just beats the next best; the present employer may answer. The better is not always the better paid: some move for less pay and more compute."], []],
  ["Luck belongs to people, not to runs", ["Every draw has an address: seed, purpose, month, person. So two worlds that differ by one policy have the same people and the same luck, and whatever differs was caused by the policy. That is what makes “what if” honest here."], []],
];

function build(app) {
  style("learn");
  const tour = new Tour(app);
  const month = h("div", {});
  const about = h("div", {});
  const node = h("section", {},
    h("h2", { text: "Learn" }),
    h("p", { class: "lead", text: "Who leaves which laboratory, when, for where, and why; and what would have kept them? The tour takes five steps and about four minutes, on the history of one laboratory as it was reported." }),
    h("div", { class: "bar-row" }, h("button", { type: "button", class: "primary", text: "Start the tour", onclick: waits(() => tour.start()) })),
    about,
    h("h3", { text: "The model in plain words" }),
    h("div", { class: "ideas" }, IDEAS.map(([title, paragraphs, equations]) => h("section", { class: "idea" }, h("h4", { text: title }), paragraphs.map((text) => h("p", { text })), equations.map((name) => h("details", {}, h("summary", { text: name === "phi" ? "The equation for φ" : "The equation" }), equation(name)))))),
    h("h3", { text: "The month" }),
    h("p", { class: "note", text: "Twelve things happen each month, in this order. The table is made from the code." }),
    month,
    h("h3", { text: "Keys" }),
    table("Keys", [["Key", ([key]) => h("kbd", { text: key })], ["What it does", ([, does]) => does]], [["Space", "play or pause (when no control has the focus)"], [".", "run one month"], ["← →", "on the time line: go back and forth in time"], ["Arrows, + −, 0", "on the network: move, zoom, show everything"], ["Tab", "go through all controls; every chart can be saved, and read as a table"]], { hideCaption: true }));

  async function load() {
    if (month.childElementCount) return;
    const answer = await app.ask("explained");
    swap(month, table("The phases of the month", [["Phase", (phase) => words(phase.phase)], ["What it does", (phase) => phase.does]], answer.plan, { hideCaption: true }));
    story();
  }

  function story() {
    if (app.market) swap(about, h("h3", { text: app.market.title }), h("p", { class: "why", text: app.market.why }));
  }

  return {
    node,
    show: () => load().catch(complain),
    update(what) {
      if (what === "opened") story();
    },
  };
}
