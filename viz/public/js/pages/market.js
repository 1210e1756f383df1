// The market: the living network, what happened, the cards of whatever is clicked, and the main curves under it.

import { Card } from "../cards.js";
import { COHORTS, COLOURS, INK, monthCurves } from "../charts.js";
import { download, h, select, swap, toast, waits } from "../dom.js";
import { Feed } from "../feed.js";
import { num, plural, when } from "../format.js";
import { Network } from "../network.js";
import { asPng, asText, sourceOf } from "../pictures.js";

const MOST_TIES = 1500;

export default { id: "market", title: "Market", build };

function build(app) {
  const network = new Network(app, (kind, row) => app.select(kind, row));
  app.network = network;
  const feed = new Feed(app);
  const card = new Card(app);
  const date = h("p", { class: "bigdate" });
  const headline = h("p", { class: "headline" });
  const key = h("div", { class: "key" });
  const colour = select([["home", "where people began"], ["now", "where people are"], ["cohort", "cohorts"]], "home", (mode) => {
    network.paintBy(mode);
    keys();
  }, { id: "colour-by" });
  const ties = h("input", { type: "checkbox", checked: true, id: "show-ties", onchange: () => {
    network.showTies = ties.checked;
    if (ties.checked) loadTies();
    else network.setTies(null);
  } });
  const names = h("datalist", { id: "find-names" });
  const find = h("input", { type: "text", size: 11, id: "find", list: "find-names", placeholder: "Number or name", "aria-label": "Find a researcher by number, or an employer or team by name", onchange: () => look(find.value.trim()) });

  /** A number is a researcher; anything else the name of an employer or a team, the beginning of it will do. */
  function look(wanted) {
    const { market } = app;
    if (!wanted || !market) return;
    if (/^\d+$/.test(wanted)) {
      if (Number(wanted) < market.n) app.select("person", Number(wanted));
      else toast(`Researcher ${wanted.slice(0, 20)}: expected a number from 0 to ${num(market.n - 1)}.`, "error");
      return;
    }
    const begins = ({ name }) => name.toLowerCase().startsWith(wanted.toLowerCase());
    const employer = [...market.employerByRow.values()].find(begins);
    const team = employer ? null : [...market.teamByRow.values()].find(begins);
    if (employer) app.select("employer", employer.row);
    else if (team) app.select("team", team.row);
    else toast(`“${wanted.slice(0, 40)}”: no employer or team of that name; a researcher is found by number.`, "error");
  }
  /** What a saved picture of the network says around it. */
  function told() {
    const { market } = app;
    const mode = colour.selectedOptions[0].text;
    const chosen = network.selected ? ` Marked: ${market.tip(network.selected.kind, network.selected.row, market.cursor).split("\n")[0]}.` : "";
    return { title: `${market.title}: ${market.words(market.cursor)}`, unit: `A dot is a researcher, coloured by ${colour.value === "cohort" ? "cohort" : mode}; a circle is an employer.${ties.checked ? " Lines: strong ties between people." : ""}${chosen}`, key: swatches(), source: sourceOf(node) };
  }

  const called = () => `network-${app.market.dateOf(Math.max(0, app.market.cursor - 1))}`;
  const image = h("button", { type: "button", class: "quiet", text: "PNG", "aria-label": "Save the network as PNG", onclick: waits(async () => download(`${called()}.png`, await asPng(network.asSeen(told())))) });
  const drawing = h("button", { type: "button", class: "quiet", text: "SVG", "aria-label": "Save the network as SVG", onclick: waits(() => download(`${called()}.svg`, asText(network.asDrawing(told())), "image/svg+xml")) });
  const fit = h("button", { type: "button", class: "quiet", text: "Show all", onclick: () => network.fit() });
  const picture = h("div", { class: "picture" }, network.node,
    h("div", { class: "over" }, date, headline),
    h("div", { class: "corner" }, h("label", {}, ties, "Ties"), h("label", { for: "colour-by" }, "Colour: "), colour, find, names, fit, image, drawing),
    h("div", { class: "under" }, key));
  const body = h("div", { class: "body", tabindex: 0, role: "region", "aria-label": "What happened, and cards" });
  const tabs = h("div", { class: "tabs" });
  const side = h("section", { class: "side", "aria-label": "What happened" }, tabs, body);
  const charts = small(app);
  const node = h("section", { "aria-label": "Market" }, picture, side, h("div", { class: "charts" }, charts));

  function showFeed() {
    swap(tabs, feed.filter);
    swap(body, feed.node);
    feed.refresh();
    network.ego = null;
    network.select(null);
  }

  async function showCard(kind, row) {
    swap(tabs, h("button", { type: "button", class: "quiet", text: "← What happened", onclick: showFeed }));
    swap(body, card.node);
    inSight();
    const shown = await card.show(kind, row);
    if (!shown || !body.contains(card.node)) return;
    network.ego = shown.ties ?? null;
    network.select(shown.kind, shown.row);
    inSight();
  }

  /** The card from its beginning: beside the picture the column scrolls, on a phone the page does. */
  function inSight() {
    body.scrollTop = 0;
    if (matchMedia("(max-width: 900px)").matches) side.scrollIntoView({ block: "start" });
  }

  let tieMonth = -1;
  async function loadTies() {
    const { market } = app;
    if (!ties.checked || !market || app.playing || tieMonth === market.month) return;
    tieMonth = market.month;
    try {
      network.setTies(await app.link.ask("ties", { most: MOST_TIES }));
    } catch {
      tieMonth = -1;
    }
  }

  /** Colours and what they stand for: [[words, colour, shape]]. */
  function swatches() {
    const { market } = app;
    const names = colour.value === "cohort"
      ? market.cohorts.slice(0, 6).map((cohort, k) => [cohort.label || cohort.name, COHORTS[k]])
      : [...market.ranked.slice(0, 7).map((row, k) => [market.employerName(row), COLOURS[k]]), ["others", COLOURS[7]]];
    return [...names, ["start-up", "var(--muted)", "diamond"]];
  }

  function keys() {
    swap(key, swatches().map(([words, swatch, shape]) => h("span", {}, shape === "diamond" ? "◆ " : h("i", { class: "swatch", style: `--swatch:${swatch}` }), words)));
  }

  function tell() {
    const { market } = app;
    const at = market.cursor;
    date.textContent = at === 0 ? when(market.start) : when(market.dateOf(at - 1));
    const report = market.reports[at - 1];
    if (!report) {
      headline.textContent = `${market.size} researchers at ${plural(market.employers.length, "employer")}. Press Play.`;
      return;
    }
    const events = market.events.filter((event) => event.month === at - 1 && event.imposed).map((event) => event.label);
    const left = report.employers.departures[report.employerAt.get(market.focal.row)];
    headline.textContent = [events[0] ?? "", `${plural(report.world.new_departures, "person", "people")} left a job${left === undefined ? "" : `, ${num(left)} of them ${market.focal.name}`}.`].filter(Boolean).join(". ");
  }

  /** Everything that depends on the month shown. */
  function repaint(animate = false) {
    network.show(app.market.cursor, animate);
    tell();
    if (body.contains(feed.node)) feed.refresh();
    for (const chart of charts) chart.refresh();
  }

  return {
    node,
    show() {
      if (!app.market) return;
      repaint();
      loadTies();
    },
    update(what, detail, visible) {
      const { market } = app;
      if (!market) return;
      if (what === "opened") {
        tieMonth = -1;
        network.open(market);
        swap(names, [...market.employers, ...market.teams].map(({ name }) => h("option", { value: name })));
        keys();
        showFeed();
        if (!visible) return;
        repaint();
        loadTies();
      } else if (what === "month" || what === "cursor") {
        if (!visible) return;
        repaint(what === "month" && market.cursor === market.month);
        if (what === "month" && tieMonth >= 0 && !app.playing) loadTies();
      } else if (what === "paused") loadTies();
      else if (what === "log") repaint();
      else if (what === "theme") {
        network.refresh();
      } else if (what === "select") {
        if (detail.kind) showCard(detail.kind, detail.row);
        else if (body.contains(card.node)) showFeed();
      }
    },
  };
}

/** The curves under the network. */
function small(app) {
  const market = () => app.market;
  const cursor = () => (market().cursor > 0 && market().cursor < market().month ? market().dates[market().cursor - 1] : null);
  const chart = (title, unit, series, options = {}) => monthCurves({ title, unit, market, series, height: 116, compact: true, lines: () => ({ cursor: cursor(), ...options }) });
  const world = (name, metric) => ({ name, colour: INK, values: market().series(metric) });
  const labs = (metric, most) => market().ranked.slice(0, most).map((row, k) => ({ name: market().employerName(row), colour: COLOURS[k], values: market().ofEmployer(metric, row) }));
  return [
    chart("Departures", "people a month", () => [world("All", "new_departures"), { ...labs("departures", 1)[0] }]),
    chart("Head count", "researchers", () => labs("headcount", 3)),
    chart("Cohorts: gone", "share", () => market().cohorts.slice(0, 3).map((cohort, k) => ({ name: cohort.short ?? cohort.name.replace(/-authors?$/, ""), colour: COHORTS[k], values: market().cohortLeft(cohort) })), { percent: true }),
    chart("Start-ups alive", "companies", () => [world("Start-ups", "n_startups")]),
    chart("Mean pay", "kUSD a year", () => [world("Pay", "mean_pay")], { zero: false }),
    chart("Looking for a job", "people", () => [world("Searching", "n_searching")]),
  ];
}
