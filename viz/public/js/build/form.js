// The form for what is chosen in the outline: one thing with its keys, or a list of things with buttons.

import { h, select, swap } from "../dom.js";
import { num, plural, when } from "../format.js";
import { culture, field, numeric, tag } from "./fields.js";

/** The lists of the outline: key, heading, what one is called, and what a new one holds. */
export const GROUPS = [
  { key: "sites", title: "Sites", one: "site", table: "site", of: "site" },
  { key: "employers", title: "Employers", one: "employer", table: "employer", of: "employer" },
  { key: "cohorts", title: "Cohorts", one: "cohort", table: "cohort", of: "cohort" },
  { key: "events", title: "Events", one: "event", table: "event" },
  { key: "retention", title: "Observed retention", one: "row", table: "retention" },
  { key: "flows", title: "Observed flows", one: "row", table: "flow" },
];

/** Keys under headings, in the order of a form; what the schema has besides comes at the end. */
const SECTIONS = {
  scenario: [["", ["title", "name", "why", "start", "months", "horizon", "topics"]], ["People outside", ["entrants_per_year", "potential_founders"]], ["Evidence", ["sources"]]],
  employer: [["", ["name", "kind", "hq", "researchers"]], ["Teams", ["teams"]],
    ["Compute", ["compute", "compute_growth", "lead_time", "gpu_ready", "utilisation", "product_share", "allocation"]],
    ["Pay, hiring and holding", ["pay_level", "pay_ceiling", "equity_ratio", "growth", "recruiter_contacts", "counter_offer", "garden_leave", "prestige"]],
    ["Culture", ["culture"]], ["Evidence", ["source", "grade"]]],
  team: [["", ["name", "site", "topic", "share", "count", "posts", "opens"]], ["Work", ["priority", "remote", "project"]], ["Culture", ["culture"]]],
  cohort: [["", ["name", "label", "employer", "size", "fixed"]], ["Who", ["members", "subset_of"]], ["Observed", ["observations", "note"]]],
  event: [["", ["id", "label", "date", "between", "type", "entity"]], ["What it does", ["effects"]], ["Evidence", ["source", "note"]]],
};

/** What a thing is called in lists. */
export function nameOf(key, item, k) {
  if (!item || typeof item !== "object") return `${k + 1}`;
  if (key === "events") return [item.id, item.label || item.entity].filter(Boolean).join(" · ") || `event ${k + 1}`;
  if (key === "retention") return `${item.employer ?? "?"}, ${item.months ?? "?"} months, ${item.as_of ?? ""}`;
  if (key === "flows") return `${(item.pair ?? []).join(" – ")}, ${item.as_of ?? ""}`;
  return String(item.name ?? `${k + 1}`);
}

/** Makes forms; `go(path)` chooses another thing. */
export class Forms {
  constructor(draft, go) {
    this.draft = draft;
    this.go = go;
    this.wanted = null; // the way to what is to have the focus when the form is made anew
    this.make = {
      culture, toward: culture,
      table: (...each) => this.#inner(...each),
      tables: (...each) => this.#tables(...each),
      members: (...each) => this.#members(...each),
      effects: (...each) => this.#effects(...each),
    };
  }

  /** The form of what a path leads to. */
  of(path) {
    const { draft } = this;
    if (!path.length) return this.#thing([], "scenario", "The scenario");
    if (path[0] === "parameters") return this.#parameters();
    if (path[0] === "policies") return this.#policies();
    if (path[0] === "interventions") return this.#rows("interventions", "intervention", "Interventions", "A parameter that changes its value from a month on.");
    const group = GROUPS.find(({ key }) => key === path[0]);
    const item = draft.get(path);
    if (path.length === 1 || item === undefined) return this.#group(group);
    if (path.length === 4) return this.#thing(path, "team", `Team: ${item.name ?? ""}`);
    return this.#thing(path, group.table, nameOf(group.key, item, path[1]));
  }

  #thing(path, called, title) {
    const specs = new Map(this.draft.form.tables[called].filter(({ control }) => !["parameters", "policies"].includes(control) && !(called === "scenario" && control === "tables")).map((spec) => [spec.key, spec]));
    const sections = (SECTIONS[called] ?? []).map(([head, keys]) => [head, keys.filter((key) => specs.has(key))]);
    const placed = new Set(sections.flatMap(([, keys]) => keys));
    const rest = [...specs.keys()].filter((key) => !placed.has(key));
    if (rest.length) sections.push([sections.length ? "More" : "", rest]);
    const named = ["site", "employer", "team", "cohort"].includes(called);
    const one = (key) => {
      const node = field(this.draft, [...path, key], specs.get(key), this.make);
      if (named && key === "name") this.#renames(node, [...path, "name"], called);
      return node;
    };
    return h("div", { class: "thing" }, h("h3", { text: title, tabindex: -1 }), path.length ? this.#tools(path, called) : null,
      sections.map(([head, keys]) => [head ? h("h4", { text: head }) : null, h("div", { class: `fields${keys.length === 1 ? " alone" : ""}` }, keys.map(one))]));
  }

  /** What refers to a name follows it when it is changed. */
  #renames(node, path, of) {
    const input = node.querySelector("input");
    let before = input.value;
    input.addEventListener("change", () => {
      const count = this.draft.rename(of, before, input.value);
      before = input.value;
      if (count) {
        this.draft.changed([], false);
        node.querySelector(".hint").textContent = `renamed in ${plural(count, "other place")} too`;
      }
    });
  }

  #tools(path, called) {
    const list = path.slice(0, -1);
    const button = (words, act, kind = "") => h("button", { type: "button", class: kind, text: words, onclick: act });
    return h("div", { class: "bar-row" },
      called === "team" ? button(`‹ ${this.draft.get(path.slice(0, 2)).name ?? "employer"}`, () => this.go(path.slice(0, 2)), "quiet") : null,
      button("Copy", () => this.copy(path, called)),
      button("Remove", () => {
        this.draft.remove(path);
        this.go(called === "team" ? path.slice(0, 2) : list);
      }));
  }

  copy(path, called) {
    const item = structuredClone(this.draft.get(path));
    if (called === "event") item.id = this.#freeId(item.id);
    else if (item.name && ["site", "employer", "team", "cohort"].includes(called)) item.name = this.draft.free(`${item.name} copy`, called);
    const place = this.draft.insert(path.slice(0, -1), item, path.at(-1) + 1);
    if (called === "employer") {
      for (const team of item.teams ?? []) team.name = this.draft.free(`${team.name} copy`, "team");
      this.draft.changed([], true);
    }
    this.go([...path.slice(0, -1), place]);
  }

  #freeId(stem) {
    const taken = new Set(this.draft.list("events").map(({ id }) => id));
    const [, letters, digits] = /^(.*?)(\d*)$/.exec(String(stem ?? "X"));
    for (let k = digits ? Number(digits) + 1 : 1; ; k += 1) {
      const id = `${letters}${String(k).padStart(digits.length || 2, "0")}`;
      if (!taken.has(id)) return id;
    }
  }

  /** A new thing with what it needs to be whole. */
  add(list, called) {
    const { draft } = this;
    const first = (of) => draft.names(of)[0]?.[0] ?? "";
    const { start } = draft.content;
    const fresh = {
      site: () => ({ name: draft.free("New site", "site"), country: "Somewhere", utc_offset: 0 }),
      employer: () => ({ name: draft.free("New lab", "employer"), hq: first("site"), researchers: 20, compute: 100, culture: Object.fromEntries(draft.form.culture.map(({ key }) => [key, 0.5])),
        teams: [{ name: draft.free("New team", "team"), site: first("site"), share: 1, topic: first("topic") }] }),
      team: () => ({ name: draft.free("New team", "team"), site: draft.get(list.slice(0, 2))?.hq ?? first("site"), share: 0, opens: "event", posts: 5, topic: first("topic") }),
      cohort: () => {
        const employer = draft.list("employers")[0];
        const team = employer?.teams?.find(({ share, count }) => share > 0 && (count ?? 1) === 1) ?? employer?.teams?.[0];
        return { name: draft.free("new-cohort", "cohort"), label: "", employer: employer?.name ?? "", size: 1, fixed: start, members: team ? { [team.name]: 1 } : {} };
      },
      event: () => ({ id: this.#freeId(draft.list("events").at(-1)?.id ?? "N00"), date: start, type: "other", label: "", effects: [] }),
      retention: () => ({ employer: first("employer"), months: 12, as_of: start, use: "predict" }),
      flow: () => ({ pair: draft.names("employer").slice(0, 2).map(([name]) => name), as_of: start, use: "predict" }),
    };
    this.go([...list, draft.insert(list, fresh[called]())]);
  }

  // ---- lists ---------------------------------------------------------------------------------------------------------

  #group({ key, title, one, table }) {
    const about = this.draft.form.tables.scenario.find((spec) => spec.key === key)?.meaning ?? "";
    return h("div", { class: "thing", "data-path": tag([key]) }, h("h3", { text: title, tabindex: -1 }), h("p", { class: "note", text: `${about[0]?.toUpperCase() ?? ""}${about.slice(1)}.` }),
      h("div", { class: "bar-row" }, h("button", { type: "button", text: `Add ${one === "row" ? "a row" : `${/^[aeiou]/.test(one) ? "an" : "a"} ${one}`}`, onclick: () => this.add([key], table) })),
      this.#cards([key], key, table), h("p", { class: "problem", hidden: true }));
  }

  #cards(path, key, called) {
    const items = this.draft.get(path) ?? [];
    if (!items.length) return h("p", { class: "empty", text: "None yet." });
    return h("ul", { class: "items" }, items.map((item, k) => h("li", {},
      h("button", { type: "button", class: "link", onclick: () => this.go([...path, k]) }, h("b", { text: nameOf(key, item, k) }), h("span", { class: "note", text: about(called, item) })),
      h("span", {}, h("button", { type: "button", class: "quiet", text: "Copy", "aria-label": `Copy ${nameOf(key, item, k)}`, onclick: () => this.copy([...path, k], called) }),
        h("button", { type: "button", class: "quiet", text: "Remove", "aria-label": `Remove ${nameOf(key, item, k)}`, onclick: () => {
          this.draft.remove([...path, k]);
          this.go(path[0] === "employers" && path.length > 1 ? path.slice(0, 2) : path);
        } })))));
  }

  #tables(draft, path, spec) {
    if (spec.key === "teams") {
      return h("div", { class: "group" }, this.#shares(path), this.#cards(path, "teams", "team"),
        h("div", { class: "bar-row" }, h("button", { type: "button", text: "Add a team", onclick: () => this.add(path, "team") })));
    }
    const host = h("div", { class: "group" });
    this.#fillRows(host, path, spec.table, () => ({ date: draft.content.start, use: "predict" }));
    return host;
  }

  /** What the shares of the teams add up to, and a way to make it 1. */
  #shares(path) {
    const teams = this.draft.get(path) ?? [];
    const sum = teams.reduce((all, { share }) => all + (Number(share) || 0), 0);
    if (Math.abs(sum - 1) < 1e-6 || !(sum > 0)) return null;
    return h("p", { class: "problem" }, `The shares add up to ${num(sum)}. `, h("button", { type: "button", text: "Make them add up to 1", onclick: () => {
      this.draft.step(null);
      let rest = 1;
      const filled = teams.filter(({ share }) => Number(share) > 0);
      filled.forEach((team, k) => {
        team.share = k === filled.length - 1 ? Number(rest.toFixed(10)) : Number((team.share / sum).toFixed(6));
        rest -= team.share;
      });
      this.draft.changed(path, true);
    } }));
  }

  #rows(key, table, title, note) {
    const host = h("div", {});
    this.#fillRows(host, [key], table, () => ({ parameter: this.draft.names("parameter")[0]?.[0], value: 0, date: this.draft.content.start }));
    return h("div", { class: "thing", "data-path": tag([key]) }, h("h3", { text: title, tabindex: -1 }), h("p", { class: "note", text: note }), host);
  }

  #fillRows(host, path, called, fresh) {
    const items = this.draft.get(path) ?? [];
    const again = () => {
      this.#fillRows(host, path, called, fresh);
      host.querySelector("button:last-of-type")?.focus();
    };
    swap(host, items.map((item, k) => h("fieldset", { class: "part", "data-path": tag([...path, k]) }, h("div", { class: "fields" }, this.draft.form.tables[called].map((spec) => field(this.draft, [...path, k, spec.key], spec, this.make))),
      h("button", { type: "button", class: "quiet", text: "Remove", onclick: () => {
        this.draft.remove([...path, k]);
        again();
      } }))), h("button", { type: "button", text: "Add a row", onclick: () => {
        this.wanted = [...path, this.draft.insert(path, fresh())];
      } }));
  }

  #inner(draft, path, spec) {
    const host = h("div", { class: "group" });
    const fill = () => {
      const there = draft.get(path) !== undefined;
      swap(host, h("label", { class: "row" }, h("input", { type: "checkbox", checked: there, onchange: (event) => {
        draft.set(path, event.target.checked ? { name: "New project", demand: 50, months: 9, visibility: 1 } : undefined);
        fill();
        host.querySelector("input").focus();
      } }), "there is one"), there ? h("fieldset", { class: "part fields" }, draft.form.tables[spec.table].map((each) => field(draft, [...path, each.key], each, this.make))) : null);
    };
    fill();
    return host;
  }

  #members(draft, path) {
    const cohort = path.slice(0, -1);
    const host = h("div", { class: "members group" });
    const fill = () => {
      const members = draft.get(path) ?? {};
      const { employer } = draft.get(cohort);
      const left = draft.names("team", employer).filter(([name]) => !Object.hasOwn(members, name));
      swap(host, Object.keys(members).map((team) => h("div", { class: "member", "data-path": tag([...path, team]) }, h("span", { text: team }),
        (() => {
          const input = numeric(draft, [...path, team], { control: "whole", label: team }, members[team]);
          input.setAttribute("aria-label", `People of ${team}`);
          return input;
        })(),
        h("button", { type: "button", class: "quiet", text: "×", "aria-label": `Remove ${team}`, onclick: () => {
          const rest = Object.fromEntries(Object.entries(draft.get(path)).filter(([other]) => other !== team));
          draft.set(path, Object.keys(rest).length ? rest : undefined);
          fill();
        } }))),
      select([["", "add a team …"], ...left], "", (team) => {
        if (team) draft.set(path, { ...(draft.get(path) ?? {}), [team]: 1 });
        fill();
      }, { "aria-label": "Add a team to the members" }));
    };
    fill();
    return host;
  }

  // ---- effects, policies, parameters -----------------------------------------------------------------------------------

  #effects(draft, path) {
    const host = h("div", { class: "group" });
    const kinds = Object.entries(draft.form.effects).map(([kind, { label }]) => [kind, label]).sort((a, b) => a[1].localeCompare(b[1]));
    const fill = () => {
      const effects = draft.get(path) ?? [];
      swap(host, effects.length ? null : h("p", { class: "note", text: "No effects: the event is observed and not imposed." }),
        effects.map((effect, k) => this.#effect([...path, k], effect, kinds, fill)),
        select([["", "add an effect …"], ...kinds], "", (kind) => {
          if (!kind) return;
          this.wanted = [...path, draft.insert(path, { kind })];
        }, { "aria-label": "Add an effect" }));
    };
    fill();
    return host;
  }

  #effect(path, effect, kinds, fill) {
    const { draft } = this;
    const known = draft.form.effects[effect?.kind];
    const lever = effect?.kind === "lever" ? draft.form.levers[effect.name] : null;
    let specs = known?.fields ?? [];
    if (lever) specs = specs.filter(({ key }) => !["employers", "teams", "sites"].includes(key) || key === `${lever.shape}s` || effect[key] !== undefined);
    specs = specs.map((spec) => (spec.of === "lever" ? { ...spec, structure: true } : spec));
    return h("fieldset", { class: "part", "data-path": tag(path) },
      h("div", { class: "part-head" }, select(known ? kinds : [["", "choose …"], ...kinds], effect?.kind ?? "", (kind) => {
        draft.set(path, { kind });
        fill();
      }, { "aria-label": "Kind of effect", "data-path": tag([...path, "kind"]) }), h("span", { class: "note", text: known?.meaning ?? "" }),
      h("button", { type: "button", class: "quiet", text: "Remove", onclick: () => {
        draft.remove(path);
        fill();
      } })),
      lever ? h("p", { class: "note", text: `${lever.meaning}: by ${lever.shape}, ${num(lever.low)} to ${num(lever.high)} (${lever.unit}); ${num(lever.neutral)} is as it would be without.` }) : null,
      h("div", { class: "fields" }, specs.map((spec) => field(draft, [...path, spec.key], spec, this.make))), h("p", { class: "problem", hidden: true }));
  }

  #policies() {
    const { draft } = this;
    const host = h("div", {});
    const all = Object.keys(draft.form.policies).map((name) => [name, name.replaceAll("_", " ")]);
    const fill = () => {
      const items = draft.list("policies");
      swap(host, items.length ? null : h("p", { class: "empty", text: "No policy is in force." }),
        items.map((policy, k) => {
          const known = draft.form.policies[policy?.name];
          return h("fieldset", { class: "part", "data-path": tag(["policies", k]) }, h("div", { class: "part-head" }, h("b", { text: String(policy?.name ?? "?").replaceAll("_", " ") }), h("span", { class: "note", text: known?.meaning ?? "There is no such policy." }),
            h("button", { type: "button", class: "quiet", text: "Remove", onclick: () => {
              draft.remove(["policies", k]);
              fill();
            } })),
            h("div", { class: "fields" }, (known?.knobs ?? []).map((spec) => field(draft, ["policies", k, spec.key], spec, this.make))), h("p", { class: "problem", hidden: true }));
        }),
        select([["", "put a policy in force …"], ...all], "", (name) => {
          if (!name) return;
          this.wanted = ["policies", draft.insert(["policies"], { name })];
        }, { "aria-label": "Add a policy" }));
    };
    fill();
    return h("div", { class: "thing", "data-path": tag(["policies"]) }, h("h3", { text: "Policies", tabindex: -1 }), h("p", { class: "note", text: "In force from the start, or from the month that each says. At their neutral values they change nothing." }), host);
  }

  #parameters() {
    const { draft } = this;
    const host = h("div", { class: "fields" });
    const phases = [...new Set(draft.form.parameters.map(({ phase }) => phase))];
    const fill = (focus = null) => {
      const set = draft.content.parameters ?? {};
      const names = Object.keys(set);
      swap(host, names.length ? null : h("p", { class: "empty", text: "Every parameter has its declared default." }), names.map((name) => {
        const known = draft.form.parameters.find((each) => each.name === name) ?? { meaning: "there is no such parameter", unit: "", low: NaN, high: NaN };
        const spec = { key: name, label: name.replaceAll("_", " "), control: "number", unit: known.unit, low: known.low, high: known.high, default: known.default, meaning: `${known.meaning}${known.grade ? ` (grade ${known.grade})` : ""}` };
        const node = field(draft, ["parameters", name], spec, this.make);
        node.append(h("button", { type: "button", class: "quiet", text: "Back to the default", onclick: () => {
          draft.set(["parameters", name], undefined);
          fill();
        } }));
        return node;
      }));
      if (focus) host.querySelector(`[data-path='${CSS.escape(tag(["parameters", focus]))}'] input`)?.focus();
    };
    fill();
    const pick = h("select", { "aria-label": "Add a parameter", onchange: () => {
      const known = draft.form.parameters.find(({ name }) => name === pick.value);
      pick.value = "";
      if (!known) return;
      draft.set(["parameters", known.name], known.default);
      fill(known.name);
    } }, h("option", { value: "", text: "change a parameter …" }), phases.map((phase) => h("optgroup", { label: phase }, draft.form.parameters.filter((each) => each.phase === phase).map(({ name, meaning }) => h("option", { value: name, text: `${name}: ${meaning}` })))));
    return h("div", { class: "thing", "data-path": tag(["parameters"]) }, h("h3", { text: "Parameters", tabindex: -1 }), h("p", { class: "note", text: "Numbers of the model that differ here from their declared defaults." }), host, h("div", { class: "bar-row" }, pick));
  }
}

/** One line about a thing in a list. */
function about(called, item) {
  if (called === "employer") return `${plural(Number(item.researchers) || 0, "researcher")}, ${num(Number(item.compute))} H100e, ${plural((item.teams ?? []).length, "team")}`;
  if (called === "team") return `${item.opens ? `opens ${item.opens === "event" ? "by an event" : when(item.opens)}` : `${num(100 * (Number(item.share) || 0), 1)} % of the researchers`} · ${item.site ?? "?"} · ${item.topic ?? "?"}${(item.count ?? 1) > 1 ? ` · ${item.count} equal teams` : ""}`;
  if (called === "site") return `${item.country ?? ""}, UTC ${item.utc_offset > 0 ? "+" : ""}${num(Number(item.utc_offset))}`;
  if (called === "cohort") return `${plural(Number(item.size) || 0, "person", "people")} of ${item.employer ?? "?"}, fixed ${item.fixed ? when(item.fixed) : "?"}`;
  if (called === "event") return `${item.date ? when(item.date) : "?"} · ${item.effects?.length ? item.effects.map(({ kind }) => String(kind).replaceAll("_", " ")).join(", ") : "observed, not imposed"}`;
  return item.use ?? "";
}
