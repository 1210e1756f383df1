// One control for one key of the schema. What is typed goes into the draft as it is; the session says what is wrong.

import { h, select, swap, unique } from "../dom.js";
import { num } from "../format.js";

/** A key that cannot be mistaken in an attribute. */
export const tag = (path) => JSON.stringify(path);

/**
 * The field of one key.
 * @param draft, path  the draft and the way to the value
 * @param spec         the key as the schema describes it
 * @param make         makes the controls that hold forms of their own: {table, tables, members, effects, ...}
 */
export function field(draft, path, spec, make) {
  const own = make?.[spec.control];
  const made = own ? own(draft, path, spec) : simple(draft, path, spec);
  const control = made instanceof Array ? made[0] : made;
  const input = control.matches("input,select,textarea") ? control : control.querySelector("input,select,textarea");
  const group = !input || control.matches("fieldset,.group");
  const name = [spec.label, spec.required ? h("span", { class: "needed", title: "has to be given", text: " *" }) : null, spec.unit ? h("span", { class: "unit", text: spec.unit }) : null];
  const node = h("div", { class: `field field-${spec.control}${group ? " wide" : ""}${control.matches("textarea") ? " wide" : ""}`, "data-path": tag(path) });
  const hint = h("p", { class: "hint", id: unique("hint"), text: [spec.meaning, limits(spec)].filter(Boolean).join(" · ") });
  const problem = h("p", { class: "problem", id: unique("problem"), "aria-live": "polite", hidden: true });
  if (group) {
    const id = unique("label");
    node.append(h("p", { class: "name", id }, name));
    control.setAttribute("role", "group");
    control.setAttribute("aria-labelledby", id);
  } else {
    input.id ||= unique("field");
    input.setAttribute("aria-describedby", `${hint.id} ${problem.id}`);
    node.append(h("label", { class: "name", for: input.id }, name));
  }
  node.append(control, hint, problem);
  return node;
}

/** The range and the default in words. */
export function limits(spec) {
  const said = [];
  if (Number.isFinite(spec.low) && Number.isFinite(spec.high) && spec.control !== "toward" && spec.low > -1e6) said.push(spec.high >= 1e9 ? `from ${short(spec.low)}` : `${short(spec.low)} to ${short(spec.high)}`);
  if (spec.longest && spec.control === "text" && spec.longest < 2000 && !spec.of) said.push(`at most ${spec.longest} characters`);
  if (["number", "choice"].includes(typeof spec.default) || (spec.control === "choice" && spec.default)) said.push(`left out: ${typeof spec.default === "number" ? short(spec.default) : spec.default.replaceAll("_", " ")}`);
  if (spec.empty) said.push(`left out: ${spec.empty}`);
  return said.join(", ");
}

const short = (value) => (Math.abs(value) >= 1e6 ? num(value) : String(value).replace("-", "−"));

function simple(draft, path, spec) {
  const value = draft.get(path);
  switch (spec.control) {
    case "flag": return flag(draft, path, value ?? spec.default ?? false);
    case "choice": return choose(draft, path, spec, spec.choices.map((each) => [each, each.replaceAll("_", " ")]), value ?? spec.default);
    case "number": case "whole": return numeric(draft, path, spec, value);
    case "date": return month(draft, path, value);
    case "opening": return opening(draft, path, value);
    case "list": return listed(draft, path, spec, value);
    default: return spec.of ? choose(draft, path, spec, draft.names(spec.of), value) : writing(draft, path, spec, value);
  }
}

function flag(draft, path, value) {
  return h("input", { type: "checkbox", checked: value === true, onchange: (event) => draft.set(path, event.target.checked) });
}

function choose(draft, path, spec, options, value) {
  const known = options.some(([each]) => each === value);
  const all = [...(spec.required && known ? [] : [["", spec.empty ? `(${spec.empty})` : spec.required ? "choose …" : "(none)"]]), ...options];
  if (value !== undefined && value !== "" && !known) all.push([String(value), `${String(value).slice(0, 60)} (not there)`]);
  return select(all, value ?? "", (chosen) => draft.set(path, chosen === "" ? undefined : chosen, spec.structure));
}

function writing(draft, path, spec, value) {
  const write = (event) => draft.set(path, event.target.value === "" && !spec.required ? undefined : event.target.value);
  if ((spec.longest ?? 0) > 400) return h("textarea", { rows: 2, maxlength: spec.longest, oninput: write, value: value ?? "" });
  return h("input", { type: "text", maxlength: spec.longest, autocomplete: "off", spellcheck: "false", oninput: write, value: value ?? "" });
}

/** What somebody typed as a number, or as it is, so that nothing is lost and the session can say what is wrong. */
export function asNumber(text) {
  const plain = text.trim().replace(/[−–]/g, "-").replace(/(\d)[\s,_'](?=\d{3}\b)/g, "$1");
  if (plain === "") return undefined;
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain) && Number.isFinite(Number(plain)) ? Number(plain) : text;
}

export function numeric(draft, path, spec, value) {
  const shown = value ?? spec.default;
  const input = h("input", { type: "text", inputmode: spec.control === "whole" ? "numeric" : "decimal", autocomplete: "off", class: "number", value: value ?? "", placeholder: spec.default ?? "" });
  const slides = spec.control === "number" && spec.high - spec.low <= 3;
  if (!slides) {
    input.addEventListener("input", () => draft.set(path, asNumber(input.value)));
    return input;
  }
  const slider = h("input", { type: "range", min: spec.low, max: spec.high, step: 0.01, value: Number.isFinite(shown) ? shown : spec.low, "aria-label": `${spec.label}, slider`, oninput: () => {
    input.value = slider.value;
    draft.set(path, Number(slider.value));
  } });
  input.addEventListener("input", () => {
    const typed = asNumber(input.value);
    if (Number.isFinite(typed)) slider.value = typed;
    draft.set(path, typed);
  });
  return h("div", { class: "slide" }, input, slider);
}

export function month(draft, path, value, label = null) {
  return h("input", { type: "month", placeholder: "YYYY-MM", value: value ?? "", "aria-label": label, oninput: (event) => draft.set(path, event.target.value || undefined) });
}

function opening(draft, path, value) {
  const which = value === undefined ? "start" : value === "event" ? "event" : "month";
  const date = month(draft, path, which === "month" ? value : "", "Month in which it opens");
  date.hidden = which !== "month";
  const pick = select([["start", "there from the start"], ["month", "in a month"], ["event", "by an event"]], which, (chosen) => {
    date.hidden = chosen !== "month";
    draft.set(path, chosen === "start" ? undefined : chosen === "event" ? "event" : date.value || draft.content.start);
    if (chosen === "month") date.value = draft.get(path) ?? "";
  });
  return h("div", { class: "row" }, pick, date);
}

function listed(draft, path, spec, value) {
  const items = Array.isArray(value) ? value : [];
  if (spec.each.control === "date") {
    const ends = ["Earliest month", "Latest month"];
    return h("div", { class: "row group" }, ends.map((label, k) => h("input", { type: "month", "aria-label": label, placeholder: "YYYY-MM", value: items[k] ?? "", oninput: (event) => {
      const now = [...(draft.get(path) ?? ["", ""])];
      now[k] = event.target.value;
      draft.set(path, now.every((each) => !each) ? undefined : now);
    } })));
  }
  if (spec.of && spec.fewest === 2 && spec.most === 2) {
    return h("div", { class: "row group" }, ["From", "To"].map((label, k) => select([["", "choose …"], ...draft.names(spec.of)], items[k] ?? "", (chosen) => {
      const now = [...(draft.get(path) ?? ["", ""])];
      now[k] = chosen;
      draft.set(path, now);
    }, { "aria-label": label })));
  }
  if (spec.of) return chips(draft, path, spec);
  return h("textarea", { rows: Math.min(9, Math.max(2, items.length)), value: items.join("\n"), oninput: (event) => {
    const lines = event.target.value.split("\n").map((line) => line.trim()).filter(Boolean);
    draft.set(path, lines.length || spec.required ? lines : undefined);
  } });
}

/** Names that are chosen one by one. */
function chips(draft, path, spec) {
  const host = h("div", { class: "chips group" });
  const fill = (focus = false) => {
    const items = draft.get(path) ?? [];
    const left = draft.names(spec.of).filter(([name]) => !items.includes(name));
    const add = select([["", items.length ? "add another …" : "choose …"], ...left], "", (name) => {
      if (!name) return;
      draft.set(path, [...items, name]);
      fill(true);
    }, { "aria-label": `Add to ${spec.label}` });
    swap(host, items.map((name, k) => h("span", { class: "picked" }, String(name), h("button", { type: "button", class: "quiet", text: "×", "aria-label": `Remove ${name}`, onclick: () => {
      const rest = items.filter((_, other) => other !== k);
      draft.set(path, rest.length ? rest : undefined);
      fill(true);
    } }))), left.length ? add : null);
    if (focus) host.querySelector("select")?.focus();
  };
  fill();
  return host;
}

/** A slider and a number for each of the six dimensions of culture. */
export function culture(draft, path, spec) {
  const some = spec.control === "toward";
  return h("div", { class: "culture group" }, draft.form.culture.map(({ key, label, meaning }) => {
    const way = [...path, key];
    const inner = { key, label, control: "number", low: spec.low, high: spec.high, default: some ? undefined : spec.low < 0 ? 0 : undefined };
    const control = numeric(draft, way, inner, draft.get(way));
    const input = control.querySelector("input");
    input.setAttribute("aria-label", `${label}: ${meaning}`);
    if (some) input.placeholder = "as it is";
    return h("div", { class: "dimension", "data-path": tag(way) }, h("span", { title: meaning, text: label }), control, h("p", { class: "problem", hidden: true }));
  }));
}
