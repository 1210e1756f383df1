// Levers: every policy and the main parameters, made from their declarations. What is pulled counts from the month that
// comes next, is written down with its date, and can be taken out as a scenario and a script that replay it.

import { COLOURS, monthCurves } from "../charts.js";
import { choice, download, h, s, style, swap, toast, waits } from "../dom.js";
import { plural, when, words } from "../format.js";
import { control, controlsOf, doesSomething, settingsOf } from "../knob.js";

export default { id: "levers", title: "Levers", build };

function build(app) {
  style("levers");
  const found = h("p", { class: "note", role: "status" });
  const search = h("input", { type: "search", id: "lever-search", placeholder: "Search levers: pay, compute, leave …", "aria-label": "Search levers", oninput: filter });
  const list = h("div", { class: "levers" });
  const from = h("p", { class: "lead" });
  const force = h("div", {});
  const gantt = h("div", { class: "gantt" });
  const log = h("ol", { class: "list log" });
  const undo = h("button", { type: "button", text: "Undo last pull", disabled: true, onclick: waits(async () => app.logged(await app.ask("undo"))) });
  const save = h("button", { type: "button", class: "primary", text: "Export scenario and script", onclick: waits(exported) });
  const tables = h("button", { type: "button", text: "Save all tables (Parquet, CSV, page)", onclick: waits(async () => {
    const { job } = await app.ask("tables");
    tables.disabled = true;
    tables.dataset.job = job;
  }) });
  const stamp = h("p", { class: "note stamp", "aria-live": "polite" });
  const charts = effects(app);
  let shown = "policies";
  const made = new Map(); // cards by kind of lever, for the market that is shown: what is set on them stays set
  const which = choice("Kind of lever", [["policies", "Policies"], ["main", "Main parameters"], ["all", "All parameters"]], shown, (kind) => {
    shown = kind;
    fill();
  });
  const node = h("section", {}, h("h2", { text: "Levers" }), from,
    h("div", { class: "split" },
      h("div", {}, h("div", { class: "bar-row" }, which, search), found, list),
      h("div", { class: "pulled" }, h("div", { class: "panel" },
        h("h3", { text: "Pulled so far" }), gantt, force, h("details", {}, h("summary", { text: "The log, pull by pull" }), log),
        h("div", { class: "bar-row" }, undo, save, tables), stamp),
      h("h3", { text: "What it does" }), h("div", { class: "effects" }, charts))));

  function fill() {
    if (!app.market || !app.catalogue) return;
    const { policies, parameters } = app.catalogue.levers;
    const main = new Set(app.catalogue.main);
    if (!made.has(shown)) made.set(shown, shown === "policies" ? policies.map(policy) : parameters.filter(({ name }) => shown === "all" || main.has(name)).map(parameter));
    swap(list, made.get(shown));
    filter();
    for (const card of list.children) card.ready();
  }

  function filter() {
    const wanted = search.value.trim().toLowerCase();
    let count = 0;
    for (const card of list.children) {
      card.hidden = wanted !== "" && !card.dataset.words.includes(wanted);
      count += !card.hidden;
    }
    found.textContent = wanted ? `${plural(count, "lever")} for “${search.value.trim().slice(0, 40)}”` : "";
  }

  function policy(known) {
    const { name, label, does, once, knobs } = known;
    const controls = controlsOf(known, app, ready);
    const pull = h("button", { type: "button", class: "primary", text: once ? "Do it next month" : "Pull", onclick: waits(async () => {
      const answer = await app.ask("pull", { policy: name, settings: settingsOf(controls) });
      app.logged(answer);
      toast(answer.log.at(-1)?.words ?? "");
    }) });
    function ready() {
      pull.disabled = !doesSomething(known, controls) || app.market?.over === true;
    }
    const card = h("details", { class: "lever", "data-lever": name, "data-words": `${name} ${label} ${does} ${knobs.map((knob) => knob.label).join(" ")}`.toLowerCase() },
      h("summary", {}, h("span", { class: "title", text: words(label) }), h("span", { class: "does", text: does.replace(/^[^:]*: /, "") })),
      h("form", { onsubmit: (event) => event.preventDefault() }, controls.map(([, each]) => each.node), h("div", { class: "bar-row" }, pull)));
    card.ready = ready;
    ready();
    return card;
  }

  function parameter(known) {
    const knob = { ...known, kind: "number", neutral: known.default, isParameter: true };
    const inForce = () => app.market.parameters[known.name] ?? known.default;
    let shown = inForce();
    const held = control(knob, { value: shown, onchange: ready });
    const pull = h("button", { type: "button", class: "primary", text: "Set", onclick: waits(async () => {
      const answer = await app.ask("parameter", { name: known.name, value: held.value });
      app.logged(answer);
      toast(answer.log.at(-1)?.words ?? "");
    }) });
    function ready() {
      if (shown !== inForce()) held.value = shown = inForce(); // what the reader has set stays until the value itself moves
      pull.disabled = held.isWrong || !known.running || app.market?.over === true;
    }
    const card = h("details", { class: "lever", "data-lever": known.name, "data-words": `${known.name} ${known.label} ${known.meaning} ${known.phase}`.toLowerCase() },
      h("summary", {}, h("span", { class: "title", text: words(known.label) }), h("span", { class: "does", text: known.meaning })),
      known.running
        ? h("form", { onsubmit: (event) => event.preventDefault() }, held.node, h("div", { class: "bar-row" }, pull))
        : h("p", { class: "note", text: `Read only when the world is built: change it under Build your own and open the scenario anew. Here ${shown}, default ${known.default}, range ${known.low} to ${known.high} ${known.unit}.` }));
    card.ready = ready;
    ready();
    return card;
  }

  async function exported() {
    const answer = await app.ask("export");
    download(`${answer.name}.toml`, answer.toml, "application/toml");
    setTimeout(() => download(`${answer.name}.py`, answer.script, "text/x-python"), 300);
    swap(stamp, "Saved two files. Replay with ", h("code", { text: answer.command }), " or by running the script; on any machine the digest of the events is ", h("code", { class: "digest", text: answer.events_digest }), ".");
  }

  function packed({ state: now, result, error, done, total }) {
    tables.disabled = now === "waiting" || now === "running";
    if (now === "running") swap(stamp, total ? `Packing the tables: ${done} of ${total} …` : "Packing the tables …");
    if (now === "failed") swap(stamp, error);
    if (now !== "done") return;
    download(result.name, new Blob([result.bytes], { type: "application/zip" }));
    swap(stamp, `Saved ${result.name}: every table of this history as Parquet and CSV, its page, and the scenario that replays it.`);
  }

  function state() {
    const { market } = app;
    from.textContent = market.over
      ? "The market has reached its last month. Start again, or branch from an earlier month on the Compare page, to pull levers."
      : `What you pull counts from ${when(market.dateOf(market.month))}, the month that comes next; the past stays as it was.`;
    undo.disabled = !market.pulls.length || market.pulls.at(-1).month !== market.month;
    save.disabled = market.month === 0;
    tables.disabled = market.month === 0;
    swap(force, market.inForce.length
      ? h("ul", { class: "list" }, market.inForce.map((held) => h("li", {}, h("span", { text: `${held.words}, since ${when(held.since)}` }),
        h("button", { type: "button", class: "quiet", text: "Release", "aria-label": `Release: ${held.words}`, disabled: market.over, onclick: waits(async () => app.logged(await app.ask("release", { number: held.number }))) }))))
      : h("p", { class: "note", text: "No policy is in force." }));
    swap(log, market.pulls.length ? market.pulls.map((pull) => h("li", { text: pull.words })) : h("li", { class: "note", text: "Nothing has been pulled." }));
    lines();
    for (const card of list.children) card.ready();
  }

  /** Each pull as a bar over the months in which it is in force; what happens once as a mark in its month. */
  function lines() {
    const { market } = app;
    const width = gantt.clientWidth;
    const rows = market.pulls.filter((pull) => pull.kind !== "release");
    if (width < 60 || !rows.length) {
      swap(gantt);
      return;
    }
    const at = (month) => 4 + ((width - 8) * month) / market.months;
    const once = new Set(app.catalogue.levers.policies.filter((each) => each.once).map(({ name }) => name));
    const happens = (pull) => pull.kind === "policy" && once.has(pull.name);
    const end = (pull) => market.pulls.find((other) => other.ended > 0 && other.ended === pull.policy && other.number > pull.number)?.month ?? market.months;
    swap(gantt, s("svg", { width, height: rows.length * 30 + 20, role: "img", "aria-label": `${rows.length} pulls over time` },
      rows.map((pull, k) => [
        s("text", { x: Math.min(at(pull.month), width - 220), y: 30 * k + 11, class: "gantt-words", text: pull.words.length > 60 ? `${pull.words.slice(0, 58)}…` : pull.words }),
        happens(pull) ? s("path", { d: `M${at(pull.month + 0.5)},${30 * k + 14}l5,5l-5,5l-5,-5z`, class: "gantt-bar once" }, s("title", { text: `Happens once, in ${when(pull.date)}` }))
          : s("rect", { x: at(pull.month), y: 30 * k + 16, width: Math.max(5, at(end(pull)) - at(pull.month)), height: 6, class: "gantt-bar" }),
      ]),
      s("line", { x1: at(market.month), x2: at(market.month), y1: 0, y2: rows.length * 30 + 6, class: "gantt-now" }),
      s("text", { x: 4, y: rows.length * 30 + 18, class: "gantt-year", text: when(market.start) }),
      s("text", { x: width - 4, y: rows.length * 30 + 18, class: "gantt-year", "text-anchor": "end", text: when(market.dateOf(market.months - 1)) })));
  }
  new ResizeObserver(() => app.market && lines()).observe(gantt);

  return {
    node,
    show() {
      if (!app.market) return;
      fill();
      state();
      for (const chart of charts) chart.refresh();
    },
    update(what, detail, visible) {
      if (what === "job" && detail.kind === "tables") packed(detail);
      if (what === "opened") {
        made.clear();
        swap(stamp);
      }
      if (!visible || !app.market) return;
      if (what === "opened") fill();
      if (["opened", "month", "log", "paused"].includes(what)) state();
      if (["opened", "month", "cursor", "log", "theme"].includes(what)) for (const chart of charts) chart.refresh();
    },
  };
}

function effects(app) {
  const market = () => app.market;
  const pulls = () => market().pulls.map((pull) => ({ month: pull.month, pull: true }));
  const chart = (title, unit, series) => monthCurves({ title, unit, market, series, marks: pulls, height: 132, compact: true });
  const lab = (metric) => market().ranked.slice(0, 3).map((row, k) => ({ name: market().employerName(row), colour: COLOURS[k], values: market().ofEmployer(metric, row) }));
  return [chart("Departures", "people a month", () => lab("departures")), chart("Head count", "researchers", () => lab("headcount")), chart("Compute open to research", "H100e", () => lab("pool"))];
}
