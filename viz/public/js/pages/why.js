// Why: one departure taken apart, what the dated events contributed, whom to keep, and cohorts over many histories.

import { choice, h, style, swap } from "../dom.js";
import { Cohorts } from "./why-cohorts.js";
import { Departures } from "./why-departures.js";
import { Events } from "./why-events.js";
import { KeyPeople } from "./why-people.js";

const PARTS = [["departures", "One departure", Departures], ["events", "Events", Events], ["people", "Key people", KeyPeople], ["cohorts", "Cohorts", Cohorts]];

export default { id: "why", title: "Why", build };

function build(app) {
  style("compare");
  style("why");
  const made = new Map();
  const host = h("div", { class: "why-part" });
  let shown = "departures";
  const tabs = choice("What is asked", PARTS.map(([id, words]) => [id, words]), shown, open);
  const node = h("section", {}, h("h2", { text: "Why" }), h("p", { class: "lead", text: "Why did this person leave; what did the events do; whom should one have kept; and how sure can one be?" }), tabs, host);

  function open(id) {
    shown = id;
    tabs.set(id);
    if (!made.has(id)) made.set(id, new (PARTS.find(([each]) => each === id)[2])(app));
    const part = made.get(id);
    swap(host, part.node);
    if (app.market) part.show();
  }

  return {
    node,
    show: () => open(shown),
    update(what, detail, visible) {
      if (what === "explain") {
        open("departures");
        made.get("departures").pick(detail);
      }
      for (const [id, part] of made) part.update(what, detail, visible && id === shown);
    },
  };
}
