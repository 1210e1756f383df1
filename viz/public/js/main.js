// The frame around the pages: heading, navigation, light and dark, and what all pages share (the link and the market).

import { Address, openFrom } from "./address.js";
import { complain, h, select, swap, toast } from "./dom.js";
import { when } from "./format.js";
import { wanted } from "./large.js";
import { Link } from "./link.js";
import { aboutMarket } from "./pictures.js";
import { Market, runWords } from "./state.js";
import { Transport } from "./transport.js";

import build from "./pages/build.js";
import compare from "./pages/compare.js";
import compute from "./pages/compute.js";
import experiments from "./pages/experiments.js";
import learn from "./pages/learn.js";
import levers from "./pages/levers.js";
import market from "./pages/market.js";
import why from "./pages/why.js";

const PAGES = [market, levers, compute, compare, why, build, experiments, learn];

/** Called once by the widget; what it returns is called when the page goes. */
export function start({ model }) {
  const app = new App(model);
  app.begin().catch((error) => app.failed(error));
  return () => app.end();
}

class App {
  constructor(model) {
    this.link = new Link(model);
    this.market = null;
    this.catalogue = null;
    this.page = null;
    this.pages = new Map();
    this.pace = 0.7;
    this.playing = false;
    this.busy = 0;
    this.listeners = [];
    this.address = new Address(this, (page) => this.go(PAGES.some(({ id }) => id === page) ? page : "market", false));
  }

  // ---- what pages use --------------------------------------------------------------------------------------------

  /** Ask the session; a refusal is shown to the reader and thrown on, so that the page can keep its state. */
  async ask(what, fields = {}) {
    try {
      return await this.quietly(what, fields);
    } catch (error) {
      toast(error.message, "error");
      error.told = true;
      throw error;
    }
  }

  /** The same for those who tell of a refusal themselves. */
  async quietly(what, fields = {}) {
    this.#working(1);
    try {
      return await this.link.ask(what, fields);
    } finally {
      this.#working(-1);
    }
  }

  /** Hear of "opened", "month", "cursor", "select", "log", "theme". */
  on(listener) {
    this.listeners.push(listener);
  }

  tell(what, detail) {
    for (const listener of this.listeners) listener(what, detail);
    for (const [id, page] of this.pages) page.update?.(what, detail, id === this.page);
  }

  /** Open a scenario by name; or show what another request answered with, such as a branch or a scenario of one's own. */
  async open(scenario, seed) {
    this.show(await this.ask("open", { scenario, seed }));
  }

  /** Ask for a market that somebody described; the reader is asked before a large one is opened. Null: it is not wanted. */
  async openable(what, fields, ask = (...words) => this.ask(...words)) {
    const answer = await ask(what, fields);
    if (!answer.large) return answer;
    const kept = this.market ? "Keep the present one" : "Open the usual one";
    return (await wanted(answer.large, kept)) ? ask(what, { ...fields, sure: true }) : null;
  }

  show(opening) {
    const left = this.market;
    this.market = new Market(opening);
    this.playing = opening.playing;
    this.heading();
    this.tell("opened");
    this.address.write();
    const { before, number } = this.market;
    if (before && left?.begun && left.number !== number) toast(`Put aside: ${runWords(before)}.`, "note", ["Bring it back", () => this.bringBack()]);
  }

  /** The run before this one, as it was left. */
  bringBack() {
    this.ask("bring_back").then((opening) => this.show(opening)).catch(() => {});
  }

  select(kind, row) {
    if (kind && this.page !== "market") this.go("market"); // first, so that the page is there to hear of it
    this.tell("select", { kind, row });
  }

  /** What if a dated event had not happened? Compared on its own page. */
  without(event) {
    this.go("compare");
    this.tell("without", event);
  }

  /** Why somebody left, with everything that is known of it. */
  explain(departure) {
    this.go("why");
    this.tell("explain", departure);
  }

  /** Open a page; `entered` is false when the reader came by the browser's history. */
  go(id, entered = true) {
    if (!this.pages.has(id)) this.#build(id);
    for (const [each, page] of this.pages) page.node.hidden = each !== id;
    const before = this.page;
    this.page = id;
    for (const link of this.nav.querySelectorAll("a")) {
      if (link.dataset.page === id) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    const page = this.pages.get(id);
    document.title = `${page.title} · The market for AI talent`;
    this.transport.node.hidden = page.still === true;
    this.root.dataset.page = id;
    page.show?.();
    this.address.write(entered && before !== null && before !== id);
    if (before && before !== id) {
      this.main.scrollTop = 0;
      this.main.focus({ preventScroll: true });
    }
  }

  /** Pulls of the session so far: kept with the market, marked on every time axis. */
  logged(answer) {
    this.market.pulls = answer.log;
    this.market.inForce = answer.in_force;
    this.market.parameters = answer.parameters;
    this.tell("log");
    this.address.write();
  }

  // ---- life ------------------------------------------------------------------------------------------------------

  async begin() {
    this.#frame();
    this.link.on("month", (month) => {
      this.market.append(month);
      this.market.parameters = month.parameters;
      this.tell("month");
      if (this.playing) this.address.later();
      else this.address.write();
      this.link.say("drawn");
    });
    this.link.on("paused", ({ why, month }) => {
      this.playing = false;
      if (why !== "there" && why !== "the end") toast(`Playing stopped in month ${month}: ${why}.`);
      this.tell("paused");
      this.address.write();
    });
    this.link.playing = () => this.playing;
    this.link.on("lost", () => {
      this.ask("here").then((here) => {
        this.show(here);
        this.tell("paused");
      }).catch(complain);
    });
    this.link.on("line", (state) => {
      this.cut.hidden = state === "connected";
      swap(this.cut, state === "connected" ? "" : state === "cut" ? "The line to the server is cut; trying again…"
        : ["The session has ended, or its server has. ", h("button", { type: "button", text: "Begin again", onclick: () => location.reload() })]);
    });
    this.link.on("job", (job) => {
      if (job.market === this.market?.number) this.tell("job", job); // what was begun for another market is of no use here
    });
    this.catalogue = await this.quietly("hello");
    this.#scenarios();
    this.go(await openFrom(this, new URLSearchParams(location.search), PAGES));
    this.root.removeAttribute("aria-busy");
    window.talent = this; // for tests and for the curious; the session behind it checks everything
  }

  /** There is nothing to show: in words, and with a way out. */
  failed(error) {
    swap(this.main, h("p", { class: "empty", role: "alert" }, `The market could not be opened: ${error.message.replace(/[.\s]+$/, "")}. `, h("button", { type: "button", text: "Try again", onclick: () => location.reload() })));
    this.root.removeAttribute("aria-busy");
    if (error.constructor !== Error) console.error(error);
  }

  end() {
    this.address.close();
    this.link.close();
    this.root.remove();
  }

  #frame() {
    const root = document.documentElement;
    root.lang = "en";
    document.querySelector("meta[name=viewport]")?.setAttribute("content", "width=device-width, initial-scale=1");
    root.dataset.theme = readTheme() ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    if (!document.querySelector("link[data-talent]")) {
      document.head.append(h("link", { rel: "stylesheet", href: new URL("../app.css", import.meta.url).href, "data-talent": true }));
    }
    this.title = h("p", { class: "world" });
    this.scenarioPick = h("span", {});
    this.progress = h("div", { class: "working", hidden: true, role: "progressbar", "aria-label": "Working" });
    this.cut = h("div", { class: "cut", role: "alert", hidden: true });
    this.nav = h("nav", { "aria-label": "Pages" }, PAGES.map((page) => h("a", { href: `?page=${page.id}`, "data-page": page.id, text: page.title, onclick: (event) => {
      if (event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      this.go(page.id);
    } })));
    const theme = h("button", { type: "button", class: "quiet", text: "Light / dark", "aria-label": "Switch between light and dark", onclick: () => {
      root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
      keepTheme(root.dataset.theme);
      this.tell("theme");
    } });
    this.main = h("main", { id: "main", tabindex: -1 });
    this.transport = new Transport(this);
    this.root = h("div", { id: "talent", "aria-busy": "true" },
      h("a", { class: "skip", href: "#main", text: "Skip to the page", onclick: (event) => {
        event.preventDefault();
        this.main.focus();
      } }),
      h("header", {}, h("div", { class: "mast" }, h("h1", { text: "The market for AI talent" }), this.title), this.nav, h("div", { class: "tools" }, this.scenarioPick, theme)),
      this.cut, this.progress, this.main, this.transport.node);
    this.root.source = () => aboutMarket(this.market);
    document.getElementById("talent")?.remove();
    document.body.append(this.root);
    swap(this.main, h("p", { class: "loading", text: "Opening the market…" }));
  }

  #scenarios() {
    const options = this.catalogue.scenarios.map(({ name, title }) => [name, title]);
    options.push(["", "A scenario of one’s own"]); // cannot be chosen; it is what is shown of one
    this.scenarioPick.replaceChildren(h("label", { class: "unseen", for: "scenario", text: "Scenario" }),
      select(options, "meta_fair", (name) => this.open(name, this.market.seed).catch(() => {}), { id: "scenario" }));
  }

  heading() {
    const { market } = this;
    swap(this.title, `${market.title} · ${when(market.start)} – ${when(market.dateOf(market.months - 1))} · ${market.size} researchers · seed ${market.seed}`);
    const pick = this.scenarioPick.querySelector("select");
    if (!pick) return;
    pick.value = market.own ? "" : market.name;
    pick.querySelector("option[value='']").hidden = !market.own;
  }

  #build(id) {
    if (!this.pages.size) swap(this.main);
    const page = PAGES.find((each) => each.id === id);
    const made = page.build(this);
    made.node.classList.add("page");
    made.node.id = `page-${id}`;
    this.pages.set(id, { ...made, title: page.title, still: page.still });
    this.main.append(made.node);
    if (this.market) made.update?.("opened", null, true);
  }

  #working(change) {
    this.busy += change;
    clearTimeout(this.soon);
    if (this.busy > 0) this.soon = setTimeout(() => (this.progress.hidden = false), 250);
    else this.progress.hidden = true;
  }
}

function readTheme() {
  try {
    return localStorage.getItem("talent-theme");
  } catch {
    return null;
  }
}

function keepTheme(theme) {
  try {
    localStorage.setItem("talent-theme", theme);
  } catch {
    // private windows keep nothing
  }
}
