// The address of the page: it says what is shown, so that it can be sent to somebody and a reload returns to it.

import { toast } from "./dom.js";

const FIRST = "meta_fair"; // shown when the address asks for nothing, or for what is not there
const LONGEST = { world: 60_000, pulls: 8_000, query: 32_768 }; // what the session reads, and the server lets in
const MOST_PULLS = 200;

/** The query of an address: page, scenario or world, seed, pulls and months run; what is usual is left out. */
export function queryOf(page, market) {
  const query = new URLSearchParams();
  if (page && page !== "market") query.set("page", page);
  if (!market) return query;
  if (market.shared) query.set("world", market.shared);
  else if (market.own) query.set("own", market.title.slice(0, 80)); // too large for an address; a name is no substitute
  else query.set("scenario", market.name);
  if (market.seed !== 1) query.set("seed", market.seed);
  const pulls = encodePulls(market.pulls);
  if (market.pulls.length) query.set("pulls", pulls);
  if (market.month) query.set("month", market.month);
  if (pulls.length <= LONGEST.pulls && market.pulls.length <= MOST_PULLS && query.toString().length <= LONGEST.query) return query;
  for (const name of ["pulls", "month"]) query.delete(name); // the months without them would be another history
  query.set("left", market.pulls.length);
  return query;
}

/** Pulls as one text: a JSON list of [month, kind, name, settings, number, ended]. The session checks every part. */
function encodePulls(pulls) {
  return JSON.stringify(pulls.map(({ month, kind, name, settings, number, ended }) => [month, kind, name, settings, number, ended ?? 0]));
}

/**
 * Open what an address asks for. What cannot be had is said once for all of it, each time with what is shown instead.
 * @returns the page asked for
 */
export async function openFrom(app, query, pages) {
  const wrong = [];
  const instead = (words, shown) => wrong.push(`${words.replace(/[.\s]+$/, "")}. Shown instead: ${shown}.`);
  const short = (text) => `“${text.slice(0, 40)}${text.length > 40 ? "…" : ""}”`;
  let seed = 1;
  if (query.has("seed")) {
    if (/^\d{1,15}$/.test(query.get("seed"))) seed = Number(query.get("seed"));
    else instead(`seed ${short(query.get("seed"))}: expected a whole number`, "seed 1");
  }
  if (await market(app, query, seed, instead, short)) {
    if (query.has("left")) instead(`${short(query.get("left"))} pulls, more than an address holds: export scenario and script on the Levers page to keep them`, "the first month, with nothing pulled");
    else await months(app, query, instead, short);
  }
  const asked = query.get("page");
  const page = pages.find(({ id }) => id === (asked || "market"));
  if (!page) instead(`page ${short(asked)}: none`, pages[0].title);
  if (wrong.length) toast(["This address asks for something that cannot be shown.", ...wrong].join("\n"), "error");
  return (page ?? pages[0]).id;
}

/** Resolves to whether the market that was asked for is shown: pulls and months of one are not played on another. */
async function market(app, query, seed, instead, short) {
  try {
    if (query.has("own")) throw new Error(`${short(query.get("own"))} is a scenario of somebody’s own, too large for an address; ask for its file and load it under Build your own`);
    const quietly = (...words) => app.quietly(...words);
    const found = query.has("world") && await app.openable("world", { code: query.get("world").slice(0, LONGEST.world), seed }, quietly);
    if (found === null) throw new Error("a large market, which was not opened");
    app.show(found || await app.quietly("open", { scenario: query.get("scenario") || FIRST, seed }));
    return true;
  } catch (error) {
    app.show(await app.quietly("open", { scenario: FIRST, seed }));
    instead(error.message, `${app.market.title}${query.has("pulls") || query.has("month") ? ", from its first month, with nothing pulled" : ""}`);
    return false;
  }
}

async function months(app, query, instead, short) {
  const [pulls, month] = [query.get("pulls") ?? "", query.get("month") ?? ""];
  const known = /^\d{0,4}$/.test(month);
  if (!known) instead(`month ${short(month)}: expected a whole number`, pulls ? "the month of the last pull" : "the first month");
  if (!pulls && (!known || !Number(month))) return;
  try {
    app.show(await app.quietly("replay", { ...(pulls ? { pulls: pulls.slice(0, LONGEST.pulls) } : {}), month: known ? Number(month) : 0 }));
  } catch (error) {
    instead(error.message, "the first month, with nothing pulled");
  }
}

/** Keeps the address to what is shown. A page that is opened makes an entry in the browser's history. */
export class Address {
  /** @param app; @param onBack called with the id of a page when the reader goes back or forth in the history */
  constructor(app, onBack) {
    this.app = app;
    this.back = () => onBack(new URLSearchParams(location.search).get("page") ?? "market");
    addEventListener("popstate", this.back);
  }

  /** Write it now; as a new entry when `enter`. */
  write(enter = false) {
    clearTimeout(this.soon);
    this.soon = null;
    const { page, market } = this.app;
    history[enter ? "pushState" : "replaceState"](null, "", `${location.pathname}?${queryOf(page, market)}`);
  }

  /** Write it within half a second: browsers count how often it changes. */
  later() {
    this.soon ??= setTimeout(() => this.write(), 500);
  }

  close() {
    clearTimeout(this.soon);
    removeEventListener("popstate", this.back);
  }
}
