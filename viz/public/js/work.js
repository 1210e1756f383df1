// Heavy work under way: how far it is, how long it may still take, and a button that stops it.

import { h } from "./dom.js";
import { duration, num } from "./format.js";

export class Work {
  /**
   * @param app
   * @param kind    of the work, as the session names it
   * @param words   what is done, for the reader; or a function of the job
   * @param onPart  called with every part of the result
   * @param onEnd   called with (state, result) when it is done, failed or stopped
   */
  constructor(app, kind, words, { onPart = () => {}, onEnd = () => {} } = {}) {
    Object.assign(this, { app, kind, words, onPart, onEnd });
    this.number = 0;
    this.market = app.market?.number;
    this.running = false;
    this.bar = h("progress", { max: 1, "aria-label": "Done so far" });
    this.text = h("span", { role: "status" });
    this.stop = h("button", { type: "button", text: "Stop", onclick: () => this.app.ask("stop", { number: this.number }).catch(() => {}) });
    this.error = h("p", { class: "problem", role: "alert" });
    this.line = h("div", { class: "work-line" }, this.bar, this.text, this.stop);
    this.node = h("div", { class: "work", hidden: true }, this.line, this.error);
    app.on((what, detail) => {
      if (what === "job") this.#hear(detail);
      if (what === "opened" && this.market !== app.market.number) this.#leave();
    });
  }

  /** Another market is shown: the session has stopped what was begun for the one before. */
  #leave() {
    this.market = this.app.market.number;
    this.running = false;
    this.node.hidden = true;
  }

  /** The session has begun a piece of work, or had nothing to do (null). */
  begin(number) {
    this.error.textContent = "";
    if (number === null || number === undefined) {
      this.running = false;
      this.node.hidden = true;
      return;
    }
    if (number <= this.number) return; // it was heard of before the answer came
    this.#set(number);
  }

  /** What the session tells of a job. */
  #hear(job) {
    if (job.kind !== this.kind || job.number < this.number) return;
    if (job.number > this.number) this.#set(job.number);
    if (job.state === "part") {
      this.onPart(job.part);
      return;
    }
    if (job.state === "waiting") this.#say("Waiting for other work to end");
    else if (job.state === "running") this.#progress(job);
    else {
      this.running = false;
      this.node.hidden = job.state !== "failed";
      this.line.hidden = true;
      if (job.state === "failed") this.error.textContent = `It could not be finished: ${job.error}`;
      this.onEnd(job.state, job.result);
    }
  }

  #set(number) {
    this.number = number;
    this.running = true;
    this.node.hidden = false;
    this.line.hidden = false;
    this.error.textContent = "";
    this.bar.removeAttribute("value");
    this.#say("Starting");
  }

  #progress({ done, total, seconds }) {
    if (!total) {
      this.#say("Starting");
      return;
    }
    this.bar.value = done / total;
    const left = done > 0 && done < total ? `, about ${duration((seconds / done) * (total - done))} left` : "";
    this.#say(`${num(Math.round((100 * done) / total))} %${left}`);
  }

  #say(text) {
    const words = typeof this.words === "function" ? this.words() : this.words;
    this.text.textContent = `${words}: ${text.charAt(0).toLowerCase()}${text.slice(1)}`;
  }
}
