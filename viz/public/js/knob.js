// A control made from a declaration: a number as slider and box, a name as a list; label, unit, range and source with it.

import { h, select, unique } from "./dom.js";
import { num, words as wordsOf } from "./format.js";

/**
 * The control of one knob or parameter.
 * @param knob   {name, label, unit, low, high, neutral, meaning, source, of}: `kind` is "number" or the kind of thing that is named
 * @param names  (kind) => [[value, words], ...] for names
 * @returns {node, get value, set value, changed}
 */
export function control(knob, { value = knob.neutral, names, onchange = () => {} } = {}) {
  return knob.kind !== "number" ? nameControl(knob, value ?? "", names, onchange) : numberControl(knob, value, onchange);
}

/** The controls of a policy: [[knob, control], ...]. Dates are left out: a pull has its own. */
export function controlsOf(policy, app, onchange) {
  return policy.knobs.filter(({ kind }) => kind !== "date").map((knob) => [knob.name, control(knob, { names: (kind) => namesOf(app, kind), onchange })]);
}

/** What the controls say, by knob; what is neutral is left out. */
export function settingsOf(controls) {
  return Object.fromEntries(controls.filter(([, each]) => !each.isNeutral).map(([knob, each]) => [knob, each.value]));
}

/**
 * Whether a policy with these settings does anything, as far as can be told here: a number is moved, or, where it has no
 * number, all that must be named is named. Where it acts is not enough. The session looks again.
 */
export function doesSomething(policy, controls) {
  if (controls.some(([, each]) => each.isWrong)) return false;
  const set = new Set(controls.filter(([, each]) => !each.isNeutral).map(([knob]) => knob));
  const knobs = policy.knobs.filter(({ kind }) => kind !== "date");
  const numbers = knobs.filter(({ kind }) => kind === "number");
  const needed = knobs.filter(({ kind, empty }) => kind !== "number" && empty === "none");
  return needed.every(({ name }) => set.has(name)) && (numbers.length === 0 || numbers.some(({ name }) => set.has(name)));
}

/** The names of a kind of thing in the market: [[value, words], ...]. */
function namesOf({ market }, kind) {
  const once = (names) => [...new Set(names)].map((name) => [name, name]);
  if (kind === "employer") return once(market.employers.map(({ name }) => name));
  if (kind === "team") return market.teams.filter(({ name }, k, all) => all.findIndex((other) => other.name === name) === k).map(({ name, employer }) => [name, `${name} (${market.employerName(employer)})`]);
  if (kind === "place") return once(market.sites.flatMap(({ name, country }) => [name, country]));
  return market.rules.map((rule) => [rule, wordsOf(rule)]);
}

function about(knob) {
  const id = unique("about");
  const range = knob.kind !== "number" ? "" : ` Range ${num(knob.low)} to ${num(knob.high)}${knob.unit ? ` ${knob.unit}` : ""}; ${num(knob.neutral)} is ${knob.isParameter ? "the default" : "neutral"}.`;
  const grade = knob.grade ? ` Grade ${knob.grade}.` : "";
  const words = `${knob.meaning ? `${knob.meaning}.` : ""}${range} Source: ${knob.source || "none"}.${grade}`;
  return { id, node: h("span", { class: "about", id, text: words }), words };
}

function numberControl(knob, value, onchange) {
  const id = unique("knob");
  const { id: aboutId, node: more, words } = about(knob);
  const step = stepOf(knob);
  const slider = h("input", { type: "range", id, min: knob.low, max: knob.high, step, value, "aria-describedby": aboutId, title: words });
  const box = h("input", { type: "number", min: knob.low, max: knob.high, step: "any", value: tidy(value), "aria-label": `${knob.label}, ${knob.unit}`, title: words });
  const problem = h("span", { class: "problem", role: "alert" });
  const node = h("div", { class: "knob" }, h("label", { for: id, title: words }, wordsOf(knob.label), h("span", { class: "unit", text: knob.unit })), slider, box, more, problem);
  function hear(from, to) {
    to.value = from === slider ? tidy(slider.value) : box.value;
    const wrong = box.value.trim() === "" || !Number.isFinite(box.valueAsNumber) || box.valueAsNumber < knob.low || box.valueAsNumber > knob.high;
    box.classList.toggle("bad", wrong);
    box.setAttribute("aria-invalid", String(wrong));
    problem.textContent = wrong ? `A number from ${num(knob.low)} to ${num(knob.high)}.` : "";
    node.classList.toggle("moved", !wrong && box.valueAsNumber !== knob.neutral);
    onchange();
  }
  slider.addEventListener("input", () => hear(slider, box));
  box.addEventListener("input", () => hear(box, slider));
  node.classList.toggle("moved", Number(value) !== knob.neutral);
  return {
    node,
    get value() {
      return box.valueAsNumber;
    },
    set value(given) {
      box.value = tidy(given);
      slider.value = given;
      hear(slider, box);
      box.value = tidy(given);
    },
    get isNeutral() {
      return box.valueAsNumber === knob.neutral;
    },
    get isWrong() {
      return box.classList.contains("bad");
    },
  };
}

function nameControl(knob, value, names, onchange) {
  const id = unique("knob");
  const { id: aboutId, node: more, words } = about(knob);
  const optional = knob.empty !== "none" ? [["", knob.empty ? `${knob.empty}` : "all"]] : [["", "choose …"]];
  const list = select([...optional, ...names(knob.kind)], value, onchange, { id, "aria-describedby": aboutId, title: words });
  return {
    node: h("div", { class: "knob name" }, h("label", { for: id, title: words }, wordsOf(knob.label)), list, more),
    get value() {
      return list.value;
    },
    set value(given) {
      list.value = given;
    },
    get isNeutral() {
      return list.value === "";
    },
    isWrong: false,
  };
}

/** Whole steps for whole things, else a hundredth of the range in a round number. */
export function stepOf({ low, high, unit = "", neutral }) {
  const whole = Number.isInteger(low) && Number.isInteger(high) && Number.isInteger(neutral) && /month|people|1 yes|code/.test(unit);
  if (whole) return 1;
  const raw = (high - low) / 200;
  const power = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 5, 10].map((k) => k * power).find((step) => step >= raw) ?? raw;
}

function tidy(value) {
  return String(Number(Number(value).toPrecision(6)));
}
