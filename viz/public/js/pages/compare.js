// Compare: runs put aside, branches from an earlier month, and two worlds with the same people and the same luck.

import { choice, h, labelled, select, style, swap, toast, waits } from "../dom.js";
import { plural, when, words } from "../format.js";
import { controlsOf, doesSomething, settingsOf } from "../knob.js";
import { Outcome } from "./compare-outcome.js";

const QUICK = 5; // events offered as one click
const ASKED_FIRST = ["competitor_release", "layoff", "project_cancel", "leader_depart", "org_create", "tension_peak", "org_merge"];

export default { id: "compare", title: "Compare", build };

function build(app) {
  style("levers");
  style("compare");
  const outcome = new Outcome(app);
  const pins = h("div", { class: "pins" });
  const name = h("input", { type: "text", maxlength: 60, placeholder: "Name, if you like", "aria-label": "Name of the pinned run" });
  const pinIt = h("button", { type: "button", class: "primary", text: "Pin this run", onclick: waits(pin) });
  const month = h("select", { id: "branch-month" });
  const branchIt = h("button", { type: "button", text: "Branch", onclick: waits(branch) });
  const here = h("p", { class: "note" });
  let held = [];

  const first = h("select", { id: "world-first" });
  const second = h("select", { id: "world-second" });
  const until = h("select", { id: "compare-until" });
  let histories = 10;
  const many = choice("Histories", [[1, "1"], [10, "10"], [20, "20"], [40, "40"]], histories, (value) => (histories = value));
  let kind = "event";
  const event = h("select", { id: "compare-event" });
  const policy = h("select", { id: "compare-policy", onchange: knobs });
  const since = h("select", { id: "compare-since" });
  const knobHost = h("div", { class: "knobs" });
  let controls = [];
  const eventBox = labelled("Event that does not happen", event, { hint: "Its effects are taken away; everybody’s luck stays the same." });
  const policyBox = h("div", {}, h("div", { class: "bar-row" }, labelled("Policy", policy), labelled("From", since)), knobHost);
  const change = choice("What else differs in the second world", [["none", "Nothing else"], ["event", "Without an event"], ["policy", "With a policy"]], kind, (value) => {
    kind = value;
    shape();
  });
  const go = h("button", { type: "button", class: "primary", text: "Compare", onclick: waits(start) });
  const quick = h("div", { class: "choice quick", role: "group", "aria-label": "At once: the scenario without one event" });
  const node = h("section", {}, h("h2", { text: "Compare" }),
    h("p", { class: "lead", text: "The same people and the same luck in two worlds: whatever differs between them was caused by what you changed." }),
    h("div", { class: "quick-row" }, h("span", { class: "label", text: "What if this had not happened?" }), quick),
    h("div", { class: "split compare-head" },
      h("div", { class: "panel" }, h("h3", { text: "Two worlds" }),
        h("div", { class: "pair-of" }, labelled("A, first world", first), labelled("B, second world", second)),
        h("p", { class: "legend-like", id: "compare-more", text: "What else differs in B" }), change, eventBox, policyBox,
        h("div", { class: "bar-row" }, labelled("Run both to", until), h("div", { class: "labelled" }, h("span", { class: "label", text: "Histories" }), many), go),
        h("p", { class: "note", text: "The first history is the one that you see on the Market page; the others say how far luck alone can carry a difference." })),
      h("div", { class: "panel" }, h("h3", { text: "Runs put aside" }), here,
        h("div", { class: "bar-row" }, h("div", { class: "labelled" }, h("span", { class: "label", text: "Keep the present run" }), h("div", { class: "bar-in" }, name, pinIt))),
        pins,
        h("div", { class: "bar-row" }, labelled("Branch from", month, { hint: "The past up to there stays; later pulls are dropped. Then pull other levers." }), branchIt))),
    outcome.node);

  const imposed = () => app.market.events.filter((each) => each.imposed && each.month >= 0 && each.month < app.market.months);

  // ---- runs put aside ----------------------------------------------------------------------------------------------

  async function load() {
    held = (await app.ask("pins")).pins;
    list();
  }

  function list() {
    swap(pins, held.length ? h("ul", { class: "list" }, held.map(pinned)) : h("p", { class: "note", text: "Nothing is pinned. Pin a run to set it against another one later." }));
    worlds();
  }

  function pinned(each) {
    const title = h("input", { type: "text", value: each.name, maxlength: 60, "aria-label": `Name of pinned run ${each.number}`, onchange: async () => {
      try {
        held = (await app.ask("rename_pin", { number: each.number, name: title.value })).pins;
      } catch {
        title.value = each.name;
      }
      list();
    } });
    return h("li", { class: "pin" }, title,
      h("p", { class: "sub", text: `${each.title}, seed ${each.seed}, ${each.month ? `run through ${when(dateBefore(each))}` : "not begun"}. ${each.words.charAt(0).toUpperCase()}${each.words.slice(1)}.` }),
      h("p", { class: "sub" }, "Digest ", h("code", { text: each.digest.slice(0, 16), title: each.digest })),
      h("div", { class: "bar-in" },
        h("button", { type: "button", class: "quiet", text: "Open again", "aria-label": `Open ${each.name} again`, onclick: waits(async () => {
          app.show(await app.ask("open_pin", { number: each.number }));
          toast(`${each.name} is the present run again.`);
        }) }),
        h("button", { type: "button", class: "quiet", text: "Remove", "aria-label": `Remove ${each.name}`, onclick: waits(async () => {
          held = (await app.ask("unpin", { number: each.number })).pins;
          list();
        }) })));
  }

  const dateBefore = (each) => {
    const [year, at] = each.date.split("-").map(Number);
    return at > 1 ? `${year}-${String(at - 1).padStart(2, "0")}` : `${year - 1}-12`;
  };

  async function pin() {
    const answer = await app.ask("pin", name.value.trim() ? { name: name.value } : {});
    name.value = "";
    held = answer.pins;
    list();
    toast("The present run is pinned. Branch from an earlier month and pull other levers to set something against it.");
  }

  async function branch() {
    const from = Number(month.value);
    app.show(await app.ask("branch", { month: from }));
    toast(`A branch: the past up to ${app.market.words(from)} stays, the rest is open. Pull levers and play on.`);
  }

  // ---- what is compared --------------------------------------------------------------------------------------------

  function worlds() {
    const { market } = app;
    if (!market) return;
    const pulls = market.pulls.length;
    const options = [["described", "As described, nothing pulled"], ["present", pulls ? `Present run (${plural(pulls, "pull")})` : "Present run (nothing pulled)"], ...held.map((each) => [`pin:${each.number}`, `Pinned: ${each.name}`])];
    for (const [box, usual] of [[first, "described"], [second, pulls ? "present" : "described"]]) {
      const before = options.some(([value]) => value === box.value) && box.dataset.touched ? box.value : usual;
      swap(box, options.map(([value, text]) => h("option", { value, text })));
      box.value = before;
    }
  }
  for (const box of [first, second]) box.addEventListener("change", () => (box.dataset.touched = "yes"));

  function fill() {
    const { market } = app;
    worlds();
    const dates = Array.from({ length: market.months }, (_, k) => k);
    swap(until, dates.slice(2).map((k) => h("option", { value: k + 1, text: k === market.months - 1 ? `${when(market.dateOf(k))}, the end` : when(market.dateOf(k)) })));
    until.value = market.months;
    swap(since, dates.map((k) => h("option", { value: market.dateOf(k), text: k ? when(market.dateOf(k)) : `${when(market.dateOf(k))}, the start` })));
    swap(event, imposed().map((each) => h("option", { value: each.id, text: `${when(each.date)}: ${each.label}` })));
    swap(policy, app.catalogue.levers.policies.map((each) => h("option", { value: each.name, text: words(each.label) })));
    const strong = chosen();
    if (strong.length) event.value = strong[0].id;
    swap(quick, strong.map((each) => h("button", { type: "button", class: "chip", title: each.label, onclick: () => without(each.id), text: each.label.length > 46 ? `${each.label.slice(0, 44)}…` : each.label })));
    knobs();
    months();
    shape();
  }

  /** Events of kinds that readers ask about first; the others as they come. */
  function chosen() {
    const rank = (each) => (ASKED_FIRST.indexOf(each.type) + 1 || ASKED_FIRST.length + 1);
    return imposed().toSorted((a, b) => rank(a) - rank(b) || a.month - b.month).filter((each, k, all) => k === 0 || all[k - 1].type !== each.type || rank(each) > ASKED_FIRST.length).slice(0, QUICK);
  }

  function months() {
    const { market } = app;
    const before = month.value;
    swap(month, Array.from({ length: market.month + 1 }, (_, k) => h("option", { value: k, text: k === 0 ? `${when(market.start)}, the start` : `after ${when(market.dateOf(k - 1))}` })));
    month.value = before && Number(before) <= market.month ? before : market.month;
    here.textContent = market.month ? `The present run has come to ${market.words(market.month)}${market.pulls.length ? `, with ${plural(market.pulls.length, "pull")}` : ", with nothing pulled"}.` : "The present run has not begun: press Play below.";
    worlds();
  }

  function knobs() {
    const found = app.catalogue.levers.policies.find((each) => each.name === policy.value);
    controls = found ? controlsOf(found, app, shape) : [];
    swap(knobHost, found ? h("p", { class: "note", text: found.does }) : null, controls.map(([, each]) => each.node));
    shape();
  }

  function shape() {
    eventBox.hidden = kind !== "event";
    policyBox.hidden = kind !== "policy";
    go.disabled = !app.market || (kind === "policy" && !doesSomething(app.catalogue.levers.policies.find((each) => each.name === policy.value), controls)) || (kind === "event" && !event.value);
  }

  async function start() {
    const asked = { first: first.value, second: second.value, until: Number(until.value), histories };
    if (kind === "event") asked.without = [event.value];
    if (kind === "policy") {
      asked.policy = policy.value;
      asked.since = since.value;
      asked.settings = settingsOf(controls);
    }
    await outcome.start(asked);
    outcome.node.scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth", block: "start" });
  }

  /** As it is against the same without one event. */
  function without(id) {
    kind = "event";
    change.set(kind);
    first.value = second.value = app.market.pulls.length ? "present" : "described";
    for (const box of [first, second]) box.dataset.touched = "yes"; // what is compared is what is shown
    event.value = id;
    shape();
    start().catch(() => {});
  }

  return {
    node,
    show() {
      if (!app.market) return;
      months();
      outcome.refresh();
    },
    update(what, detail, visible) {
      if (!app.market) return;
      if (what === "opened") {
        for (const box of [first, second]) delete box.dataset.touched;
        fill();
        outcome.opened();
        load().catch(() => {});
      }
      if (what === "without") without(detail);
      if (visible && ["month", "log", "paused"].includes(what)) months();
      if (visible && what === "theme") outcome.refresh();
    },
  };
}
