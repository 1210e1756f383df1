// Time at the foot of every page: play, step, run to a month, speed; and a line on which events and pulls are marked and
// along which one can go back.

import { h, s, select, swap, waits } from "./dom.js";
import { when } from "./format.js";
import { runWords } from "./state.js";

const PACES = [["1.5", "Slow"], ["0.7", "Normal"], ["0.25", "Fast"], ["0", "As fast as it goes"]];

export class Transport {
  constructor(app) {
    this.app = app;
    const button = (text, label, run) => h("button", { type: "button", text, "aria-label": label, title: label, onclick: run });
    this.play = button("▶ Play", "Play month by month", () => this.toggle());
    this.step = button("Step", "Run one month", () => this.one());
    this.again = button("↺", "Start again from the first month, without what was pulled", waits(() => this.restart()));
    this.undo = button("↶ Bring it back", "", () => app.bringBack());
    this.date = h("output", { class: "date", "aria-live": "off" });
    this.pace = select(PACES, "0.7", (value) => {
      app.pace = Number(value);
      if (app.playing) this.run(null);
    }, { id: "pace" });
    this.until = h("select", { id: "until" });
    this.goto = button("Run to", "Run to the month that is chosen", () => this.run(Number(this.until.value) + 1));
    this.range = h("input", { type: "range", min: 0, max: 1, value: 0, step: 1, class: "scrub", "aria-label": "Month shown", oninput: () => this.scrub(Number(this.range.value)) });
    this.line = h("div", { class: "line", "aria-hidden": "true" });
    this.back = button("Now", "Show the present month again", () => this.scrub(app.market.month));
    this.node = h("div", { class: "transport", role: "group", "aria-label": "Time" },
      h("div", { class: "row" }, this.again, this.undo, this.play, this.step, h("span", { class: "pair" }, h("label", { for: "pace", text: "Speed" }), this.pace),
        h("span", { class: "pair" }, this.goto, h("label", { class: "unseen", for: "until", text: "Month to run to" }), this.until), this.date, this.back),
      this.time = h("div", { class: "time" }, this.line, this.range, this.tip = h("div", { class: "tip", "aria-hidden": "true" })));
    this.time.addEventListener("pointermove", (event) => this.#point(event));
    this.time.addEventListener("pointerleave", () => this.tip.classList.remove("on"));
    this.time.addEventListener("click", (event) => {
      const found = this.#near(event);
      if (!found?.id) return;
      this.scrub(Math.min(found.month + 1, app.market.month)); // the end of its month, as far as it has been run
      app.select("event", found.id);
    });
    app.on((what) => {
      if (["opened", "month", "cursor", "log", "paused", "theme"].includes(what)) this.refresh(what);
    });
    new ResizeObserver(() => this.#marks()).observe(this.line);
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest?.("input:not([type=range]), textarea, select, dialog, button, summary, a, canvas, [contenteditable]");
      if (typing || event.ctrlKey || event.metaKey || event.altKey || this.node.hidden) return;
      if (event.key === " ") this.toggle();
      else if (event.key === ".") this.one();
      else return;
      event.preventDefault();
    });
  }

  toggle() {
    if (!this.app.playing) {
      this.run(null);
      return;
    }
    this.#playing(false);
    this.app.ask("pause").then(() => this.#playing(false)).catch(() => {});
  }

  /** Said at once for the reader, and again with the session's answer: what it does is what counts. */
  #playing(now) {
    this.app.playing = now;
    this.refresh();
  }

  run(until) {
    const { app } = this;
    this.scrub(app.market.month);
    this.#playing(true);
    app.ask("play", { until, pace: until === null ? app.pace : Math.min(app.pace, 0.25) }).then(() => this.#playing(true)).catch(() => this.#playing(false));
  }

  one() {
    if (this.app.market?.over || this.app.playing) return;
    this.scrub(this.app.market.month);
    this.app.ask("step").catch(() => {});
  }

  async restart() {
    this.app.show(await this.app.ask("again"));
  }

  scrub(month) {
    const { market } = this.app;
    if (!market) return;
    market.cursor = Math.min(Math.max(0, month), market.month);
    this.app.tell("cursor");
  }

  refresh(what) {
    const { market, playing } = this.app;
    if (!market) return;
    if (what === "opened") this.#months();
    this.range.max = market.months;
    this.range.value = market.cursor;
    this.range.setAttribute("aria-valuetext", market.words(market.cursor));
    this.play.textContent = playing ? "❚❚ Pause" : "▶ Play";
    this.play.setAttribute("aria-label", playing ? "Pause" : "Play month by month");
    this.play.disabled = market.over && !playing;
    this.step.disabled = market.over || playing;
    this.goto.disabled = market.over || playing;
    this.undo.hidden = !market.before;
    if (market.before) for (const name of ["title", "aria-label"]) this.undo.setAttribute(name, `Bring back the run before: ${runWords(market.before)}`);
    this.back.hidden = market.cursor === market.month;
    this.date.textContent = market.cursor === 0 ? `${when(market.start)}, start` : when(market.dateOf(market.cursor - 1));
    this.date.classList.toggle("past", market.cursor < market.month);
    this.#marks();
  }

  /** The event or pull whose mark is under the pointer: marks are in the upper part of the line. */
  #near(event) {
    const { market } = this.app;
    const box = this.line.getBoundingClientRect();
    const [x, y] = [event.clientX - box.x, event.clientY - box.y];
    if (!market || y > 14) return null;
    const at = (month) => 8 + ((box.width - 16) * month) / market.months;
    const marks = [...market.events.map((each) => ({ ...each, x: at(each.month + 0.5) })), ...market.pulls.map((pull) => ({ month: pull.month, label: pull.words, x: at(pull.month) }))];
    return marks.filter((mark) => Math.abs(mark.x - x) < 6).sort((a, b) => Math.abs(a.x - x) - Math.abs(b.x - x))[0] ?? null;
  }

  #point(event) {
    const { market } = this.app;
    const found = this.#near(event);
    this.tip.classList.toggle("on", found !== null);
    this.range.style.cursor = found?.id ? "pointer" : "";
    if (!found) return;
    const together = market.events.filter((each) => found.id && each.month === found.month && each.id !== found.id);
    this.tip.textContent = `${when(market.dateOf(found.month))}: ${found.label}${found.id && !found.imposed ? " (observed only)" : ""}${together.length ? `\nand ${together.map((each) => each.label).join("; ")}` : ""}`;
    const box = this.time.getBoundingClientRect();
    this.tip.style.transform = `translate(${Math.max(0, Math.min(found.x - 20, box.width - 250))}px, calc(-100% - 4px))`;
  }

  #months() {
    const { market } = this.app;
    const wanted = market.events.filter((event) => event.imposed && event.month >= 0 && event.month < market.months);
    const name = (month) => {
      const here = wanted.find((event) => event.month === month);
      return here ? `${when(market.dateOf(month))}: ${here.label.slice(0, 44)}` : when(market.dateOf(month));
    };
    swap(this.until, Array.from({ length: market.months }, (_, month) => h("option", { value: month, text: name(month) })));
    this.until.value = market.months - 1;
  }

  #marks() {
    const { market } = this.app;
    const width = this.line.clientWidth;
    if (!market || width < 50) return;
    const at = (month) => 8 + ((width - 16) * month) / market.months;
    const years = [];
    for (let month = 0; month < market.months; month += 1) if (market.dateOf(month).endsWith("-01")) years.push(month);
    swap(this.line, s("svg", { width, height: 34 },
      s("rect", { x: 8, y: 15, width: width - 16, height: 3, class: "track" }),
      s("rect", { x: 8, y: 15, width: Math.max(0, at(market.month) - 8), height: 3, class: "run" }),
      years.map((month) => [s("line", { x1: at(month), x2: at(month), y1: 20, y2: 25, class: "year" }), s("text", { x: at(month) + 3, y: 32, class: "year", text: market.dateOf(month).slice(0, 4) })]),
      market.events.filter((event) => event.month >= 0 && event.month < market.months).map((event) => s("circle", { cx: at(event.month + 0.5), cy: 9, r: event.imposed ? 3.4 : 2.6, class: event.imposed ? "event imposed" : "event" })),
      market.pulls.map((pull) => s("path", { d: `M${at(pull.month) - 4},2h8l-4,9z`, class: "pull" })),
      s("line", { x1: at(market.cursor), x2: at(market.cursor), y1: 2, y2: 26, class: "cursor" }),
      s("circle", { cx: at(market.cursor), cy: 16.5, r: 6.5, class: "cursor" })));
  }
}
