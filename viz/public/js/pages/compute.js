// Compute: who owns what, what is diverted and lies idle, how the rest is split over teams, and who asked for more.

import { COLOURS, INK, MUTED, Plot, eventMarks, figure, monthCurves, monthRows } from "../charts.js";
import { h, s, style, swap, table, toast, waits } from "../dom.js";
import { num, percent, plural, when, words } from "../format.js";

const ESCALATED = ["", "waiting for the research head", "asked, refused", "asked, granted"];
const ALIKE = 4; // teams in the same state from which a sentence says it once for all
const MOST_TEAMS = 7;
const PALEST = 80; // percent of the laboratory's colour that the last team has lost
const HEIGHT = 240; // pixels of the drawing of teams over time
const LINE = 12; // pixels of height that a name beside its area takes

export default { id: "compute", title: "Compute", build };

function build(app) {
  style("compute");
  let now = null; // the answer of the session for the present month
  let focal = null;
  let told = ""; // laboratory and rule in force that the choice of a rule began with
  const lead = h("p", { class: "lead" });
  const employer = h("select", { id: "compute-employer", onchange: () => {
    focal = Number(employer.value);
    draw();
  } });
  const rule = h("select", { id: "compute-rule", onchange: ready });
  const change = h("button", { type: "button", class: "primary", text: "Switch from next month", disabled: true, onclick: waits(async () => {
    const answer = await app.ask("pull", { policy: "allocation_rule", settings: { employer: name(), rule: rule.value } });
    app.logged(answer);
    toast(answer.log.at(-1).words);
  }) });
  const rules = h("p", { class: "note" });
  const pools = figure({ title: "Where the compute goes", unit: "H100e, each laboratory, this month", note: "What is owned or rented, less what products and a flagship take, is open to research; some of it may find no taker.", height: 260, draw: drawPools, rows: poolRows, key: () => PARTS.map(([part, label, colour]) => [label, colour, `square part ${part}`]) });
  const stock = monthCurves({ title: "Owned, and open to research", unit: "H100e", note: "What lies between the curves is diverted, taken by a flagship, or lost to utilisation.", height: 150, market: () => app.market, series: stocks });
  const overTime = figure({ title: "Delivered to teams over time", unit: "H100e a month", height: HEIGHT, draw: drawTeams, rows: teamRows, key: () => shares().map(({ team, colour }) => [team, colour, "square"]) });
  const needs = figure({ title: "Need and delivery, team by team", unit: "H100e per head, this month", note: "The open mark is what a member needs for present-day work with the running project; the full mark is what the team got.", height: 240, draw: drawNeeds, rows: needRows });
  const says = h("p", { class: "escalations" });
  const asked = h("div", {});
  const node = h("section", {}, h("h2", { text: "Compute" }), lead,
    h("div", { class: "panel bar-row" }, h("div", { class: "labelled" }, h("label", { for: "compute-employer", text: "Laboratory" }), employer),
      h("div", { class: "labelled" }, h("label", { for: "compute-rule", text: "Allocation rule" }), rule), change, rules),
    h("div", { class: "split compute" }, h("div", {}, pools, stock, overTime), h("div", {}, needs, h("h3", { text: "Escalations and promises" }), says, asked)));

  const name = () => app.market.employerName(focal);
  const mine = () => now.employers.find((each) => each.row === focal);
  const teams = () => now.teams.filter((team) => team.employer === focal && team.members > 0);

  function choose() {
    const { market } = app;
    focal = market.focal.row;
    swap(employer, market.employers.map(({ row, name: label }) => h("option", { value: row, text: label })));
    employer.value = focal;
    swap(rule, app.market.rules.map((each) => h("option", { value: each, text: words(each) })));
  }

  async function load() {
    if (!app.market) return;
    if (focal === null) choose();
    try {
      const { compute } = await app.link.ask("compute");
      const sizes = app.market.reports.at(-1);
      const rows = (columns) => columns.row.map((_, k) => Object.fromEntries(Object.entries(columns).map(([column, values]) => [column, values[k]])));
      now = {
        employers: rows(compute.employer),
        teams: rows(compute.team).map((team) => ({ ...team, employer: app.market.employerOf(team.row), members: sizes?.teams.team_size[sizes.teamAt.get(team.row)] ?? 0 })),
      };
    } catch (error) {
      toast(error.message, "error");
      return;
    }
    draw();
  }

  function draw() {
    if (!now) return;
    const { market } = app;
    const own = mine();
    if (told !== `${focal} ${own.rule}`) rule.value = own.rule; // what the reader has chosen since stays
    told = `${focal} ${own.rule}`;
    ready();
    const starved = teams().filter((team) => team.delivered < team.request - 1e-9).length;
    rules.textContent = `In force: ${words(own.rule)}.`;
    lead.textContent = market.month === 0
      ? `${name()} begins with ${num(own.owned + own.rented)} H100 equivalents. Run a month to see how they are split.`
      : `In ${when(market.dateOf(market.month - 1))} ${name()} had ${num(own.owned + own.rented)} H100 equivalents, of which ${num(own.pool)} were open to research. ${num(starved)} of ${num(teams().length)} teams got less than their work needs.`;
    for (const chart of [pools, stock, overTime, needs]) chart.refresh();
    const { sentence, exceptions } = escalations();
    says.textContent = sentence;
    swap(asked, exceptions.length ? table("Teams with another answer, or with a promise", [
      ["Team", (team) => market.teamName(team.row)],
      ["Asked", (team) => (team.escalated ? ESCALATED[team.escalated] : "–")],
      ["Promised", (team) => (team.promise_share > 0 ? percent(team.promise_share) : "–"), "r"],
      ["Kept", (team) => (team.promise_share > 0 ? percent(team.promise_kept) : "–"), "r"],
    ], exceptions) : null);
  }

  /** The rule in force is nothing to switch to. */
  function ready() {
    change.disabled = !now || app.market.over || rule.value === mine().rule;
  }

  /** Who asked for more, in one sentence, and the teams that it does not tell of: another answer, or a promise. */
  function escalations() {
    const asking = teams().filter((team) => team.escalated > 0);
    const promised = teams().filter((team) => team.promise_share > 0);
    const states = Map.groupBy(asking, (team) => team.escalated);
    const [most, alike] = [...states].sort((a, b) => b[1].length - a[1].length)[0] ?? [0, []];
    const told = alike.length >= ALIKE ? most : 0;
    const counts = [...states].sort((a, b) => b[1].length - a[1].length).map(([state, list]) => `${num(list.length)} ${ESCALATED[state].replace("asked, ", "")}`);
    const sentence = [
      asking.length ? `${num(asking.length)} of ${plural(teams().length, "team")} asked for more compute: ${counts.join(", ")}.` : "No team asked for more compute this month.",
      promised.length ? `${plural(promised.length, "team")} ${promised.length === 1 ? "holds" : "hold"} a promise of compute.` : "No promise is open.",
    ].join(" ");
    return { sentence, exceptions: teams().filter((team) => team.promise_share > 0 || (team.escalated > 0 && team.escalated !== told)) };
  }

  // Told apart by how they are filled: the colours are those of laboratories.
  const PARTS = [["research", "used by research", INK], ["idle", "open, but nobody asked", "var(--bg)"], ["diverted", "diverted to products", "var(--part)"], ["flagship", "taken by a flagship", "url(#part-flagship)"], ["lost", "not usable", "url(#part-lost)"]];
  const hatch = (id, size, turn, width) => s("pattern", { id, width: size, height: size, patternUnits: "userSpaceOnUse", patternTransform: `rotate(${turn})` }, s("rect", { width: size, height: size, fill: "var(--bg)" }), s("rect", { width, height: size, fill: "var(--ink)" }));
  const patterns = () => s("defs", {}, hatch("part-flagship", 5, 45, 2.2), hatch("part-lost", 7, -45, 0.8));

  function parts() {
    return now.employers.filter((each) => each.owned + each.rented > 0).sort((a, b) => b.owned + b.rented - a.owned - a.rented).slice(0, 10).flatMap((each) => {
      const research = Math.max(0, each.pool - each.idle);
      const lost = Math.max(0, each.owned + each.rented - each.pool - each.diverted - each.flagship);
      const sizes = { research, idle: each.idle, diverted: each.diverted, flagship: each.flagship, lost };
      return PARTS.map(([part, label, colour]) => ({ employer: market().employerName(each.row), part, label, colour, size: sizes[part] }));
    });
  }
  const market = () => app.market;

  function drawPools(width) {
    if (!now) return null;
    const rows = parts();
    const order = [...new Set(rows.map((row) => row.employer))];
    return {
      height: 30 + 25 * order.length, marginLeft: Math.min(130, width * 0.34), marginRight: 20, marginBottom: 24,
      x: { label: null, grid: true, ticks: 4, tickFormat: (v) => num(v) }, y: { label: null, domain: order, tickSize: 0, padding: 0.25 }, color: { type: "identity" },
      marks: [patterns, Plot.barX(rows, { x: "size", y: "employer", fill: "colour", stroke: INK, strokeWidth: 0.7, order: PARTS.map(([, , colour]) => colour), title: (row) => `${row.employer}: ${row.label} ${num(row.size)} H100e` }), Plot.ruleX([0], { stroke: MUTED })],
    };
  }

  function poolRows() {
    return { columns: ["employer", "part", "H100e"], rows: parts().map((row) => [row.employer, row.label, row.size]) };
  }

  function stocks() {
    return [["owned", "Owned", MUTED], ["pool", "Open to research", INK]].map(([metric, name, colour]) => ({ name, colour, values: market().ofEmployer(metric, focal) }));
  }

  function shares() {
    if (!now || !market().month) return [];
    const rows = market().teams.filter((team) => team.employer === focal);
    const series = rows.map((team) => {
      const heads = market().ofTeam("team_size", team.row);
      return { team: team.name, values: market().ofTeam("compute_per_head", team.row).map((each, k) => each * heads[k] || 0) };
    });
    const total = (values) => values.reduce((sum, value) => sum + value, 0);
    series.sort((a, b) => total(b.values) - total(a.values));
    const kept = series.slice(0, MOST_TEAMS);
    const rest = series.slice(MOST_TEAMS);
    if (rest.length) kept.push({ team: `${rest.length} other teams`, values: market().reports.map((_, month) => rest.reduce((sum, { values }) => sum + values[month], 0)) });
    // Tints of the laboratory's own colour: another colour would be another laboratory's.
    const own = COLOURS[market().colourOf(focal)];
    return kept.map((each, k) => ({ ...each, colour: `color-mix(in srgb, ${own} ${Math.round(100 - (PALEST * k) / MOST_TEAMS)}%, var(--bg))` }));
  }

  function drawTeams(width) {
    const drawn = shares();
    const rows = drawn.flatMap(({ team, colour, values }) => values.map((value, month) => ({ team, colour, value, date: market().dates[month] })));
    if (!rows.length) return null;
    const named = width > 420; // room for names at the right; elsewhere the key says them
    return {
      marginRight: named ? 120 : 16,
      x: { type: "utc", domain: [market().dates[0], market().dates.at(-1)], label: null, ticks: width < 300 ? 3 : 6 }, y: { label: null, grid: true, ticks: 4, tickFormat: (v) => num(v) }, color: { type: "identity" },
      marks: [Plot.areaY(rows, { x: "date", y: "value", fill: "colour", z: "team", stroke: "var(--bg)", strokeWidth: 0.8, order: drawn.map(({ team }) => team) }), ...eventMarks(market().marks, market().dates), market().month === 1 ? Plot.dot(rows, Plot.stackY({ x: "date", y: "value", fill: "colour" })) : null,
        named ? Plot.text(beside(drawn), { x: market().dates[market().month - 1], y: "middle", text: "team", textAnchor: "start", dx: 7, fill: INK, stroke: "var(--bg)", strokeWidth: 3 }) : null],
    };
  }

  /** Names to the right of the areas that are high enough, in the last month, to carry one. */
  function beside(drawn) {
    const most = Math.max(...market().reports.map((_, month) => drawn.reduce((sum, { values }) => sum + values[month], 0)));
    let below = 0;
    return drawn.flatMap(({ team, values }) => {
      const value = values.at(-1);
      below += value;
      return value > (most * LINE) / (HEIGHT - 42) ? [{ team: team.length > 19 ? `${team.slice(0, 18)}…` : team, middle: below - value / 2 }] : [];
    });
  }

  function teamRows() {
    return monthRows(market(), shares().map(({ team, values }) => ({ name: team, values })));
  }

  function needing() {
    return now ? teams().sort((a, b) => b.members - a.members).slice(0, 16).map((team) => ({ team: market().teamName(team.row), members: team.members, need: team.request / team.members, got: team.per_head })) : [];
  }

  function drawNeeds(width) {
    const rows = needing();
    if (!rows.length || !market().month) return null;
    return {
      height: 34 + 19 * rows.length, marginLeft: Math.min(150, width * 0.42), marginBottom: 26, marginRight: 24,
      x: { label: null, grid: true, ticks: 5, tickFormat: (v) => num(v), zero: true }, y: { label: null, domain: rows.map((row) => row.team), tickSize: 0 },
      marks: [
        Plot.link(rows, { y: "team", x1: "need", x2: "got", stroke: (row) => (row.got < row.need ? "var(--accent)" : "var(--ghost)"), strokeWidth: 2 }),
        Plot.dot(rows, { y: "team", x: "need", r: 4.5, fill: "var(--bg)", stroke: INK, strokeWidth: 1.5 }),
        Plot.dot(rows, { y: "team", x: "got", r: 4.5, fill: (row) => (row.got < row.need ? "var(--accent)" : "var(--blue)"), title: (row) => `${row.team}: ${num(row.got)} of ${num(row.need)} H100e per head, ${num(row.members)} people` }),
      ],
    };
  }

  function needRows() {
    return { columns: ["team", "members", "need, H100e per head", "delivered, H100e per head"], rows: needing().map((row) => [row.team, row.members, row.need, row.got]) };
  }

  return {
    node,
    show: load,
    update(what, detail, visible) {
      if (what === "opened") {
        focal = null;
        now = null;
        told = "";
      }
      if (!visible) return;
      if (["opened", "month", "log"].includes(what)) load();
      if (what === "theme") draw();
    },
  };
}
