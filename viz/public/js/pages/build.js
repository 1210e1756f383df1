// Build your own: a scenario is edited here, checked by the session as one types, and opened in the market when it is
// whole. What is written in it, or in a file that somebody sent, is only ever shown as text.

import { Draft } from "../build/draft.js";
import { tag } from "../build/fields.js";
import { Forms, GROUPS, nameOf } from "../build/form.js";
import { download, h, select, style, swap, toast } from "../dom.js";
import { plural, when } from "../format.js";

export default { id: "build", title: "Build your own", still: true, build };

const WAIT = 350; // ms without a key before the session is asked
const KEPT = "talent-draft";
const LARGEST = 256 * 1024; // bytes of a file

function build(app) {
  style("build");
  const node = h("section", {}, h("h2", { text: "Build your own" }), h("p", { class: "loading", text: "Reading what a scenario is made of…" }));
  let begun = false;
  return {
    node,
    show() {
      if (begun || !app.market) return;
      begun = true;
      begin(app, node).catch((error) => {
        begun = false;
        swap(node, h("h2", { text: "Build your own" }), h("p", { class: "empty", text: `The form could not be made: ${error.message}` }));
      });
    },
    update(what, _detail, visible) {
      if (what === "opened" && visible) this.show();
    },
  };
}

async function begin(app, node) {
  const { form, longest_link: longestLink } = await app.ask("build_form");
  const page = new Page(app, node, form, longestLink);
  await page.start("open");
}

class Page {
  constructor(app, node, form, longestLink) {
    this.app = app;
    this.longestLink = longestLink;
    this.chosen = [];
    this.problems = [];
    this.asked = 0;
    this.draft = new Draft(form, (path, structure) => this.#changed(path, structure));
    this.forms = new Forms(this.draft, (path) => this.go(path));
    this.#frame(node);
  }

  #frame(node) {
    const button = (words, act, attributes = {}) => h("button", { type: "button", text: words, onclick: act, ...attributes });
    const guarded = (act) => () => Promise.resolve(act()).catch(() => {});
    this.undo = button("Undo", () => this.#history("undo"));
    this.redo = button("Redo", () => this.#history("redo"));
    this.opens = button("Open in the market", guarded(() => this.open()), { class: "primary" });
    this.save = button("Save as TOML", guarded(() => this.toml()));
    this.linking = button("Copy link", guarded(() => this.link()));
    const file = h("input", { type: "file", accept: ".toml,text/plain,application/toml", class: "unseen", id: "build-file", "aria-label": "A scenario as a TOML file", onchange: () => this.file(file) });
    const kept = recall();
    const from = select([["", "Start from …"], ["open", "the market that is open"], ["minimal", "an empty world"], ...(kept ? [["kept", "the draft of your last visit"]] : []),
      ...app_scenarios(this.app)], "", (source) => {
      from.value = "";
      if (source) guarded(() => this.start(source))();
    }, { "aria-label": "Start from another scenario" });
    this.state = h("p", { class: "note state", role: "status" });
    this.list = h("div", { class: "problems" });
    this.outline = h("nav", { class: "outline", "aria-label": "Parts of the scenario" });
    this.form = h("div", { class: "form" });
    swap(node, h("h2", { text: "Build your own" }),
      h("p", { class: "lead", text: "Change anything: employers and their teams, who is in them, what happens when. The scenario is checked as you type, and runs when nothing is wrong." }),
      h("div", { class: "build-tools" }, from, h("span", { class: "file" }, file, button("Load a file", () => file.click())), button("Paste TOML", () => this.paste()), this.undo, this.redo,
        h("span", { class: "gap" }), this.save, this.linking, this.opens),
      this.state, this.list,
      h("div", { class: "builder" }, this.outline, this.form));
    node.addEventListener("keydown", (event) => this.#key(event));
    addEventListener("beforeunload", () => this.#remember());
  }

  // ---- where it comes from ---------------------------------------------------------------------------------------------

  async start(source) {
    if (source === "kept") return this.#take(JSON.parse(recall()), null);
    const answer = await this.app.ask("build_start", { source });
    return this.#take(answer.content, answer);
  }

  #take(content, answer) {
    this.draft.begin(content);
    this.chosen = [];
    this.#all();
    if (answer) this.#checked(answer);
    else this.#check(0);
  }

  async file(input) {
    const [file] = input.files;
    input.value = "";
    if (!file) return;
    if (file.size > LARGEST) {
      toast(`The file has ${Math.round(file.size / 1024)} KB; a scenario has at most ${LARGEST / 1024} KB.`, "error");
      return;
    }
    try {
      await this.#read(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await file.arrayBuffer()));
    } catch (error) {
      if (error instanceof TypeError) toast("The file is not text in UTF-8. Save it as UTF-8 and load it again.", "error");
    }
  }

  async #read(text) {
    const answer = await this.app.ask("build_read", { toml: text });
    this.#take(answer.content, answer);
    toast(answer.problems.length ? `Read, with ${plural(answer.problems.length, "problem")}.` : "Read.");
  }

  paste() {
    const text = h("textarea", { rows: 18, spellcheck: "false", "aria-label": "A scenario as TOML", placeholder: 'name = "my_world"\ntitle = "…"' });
    const dialog = h("dialog", { class: "numbers paste", "aria-label": "Paste a scenario as TOML" },
      h("div", { class: "dialog-head" }, h("h2", { text: "Paste a scenario as TOML" }), h("button", { type: "button", text: "Close", onclick: () => dialog.close() })),
      text, h("div", { class: "bar-row" }, h("button", { type: "button", class: "primary", text: "Read it", onclick: async () => {
        if (new TextEncoder().encode(text.value).length > LARGEST) {
          toast(`That is more than the ${LARGEST / 1024} KB that a scenario may have.`, "error");
          return;
        }
        await this.#read(text.value).then(() => dialog.close(), () => {});
      } })));
    dialog.addEventListener("close", () => dialog.remove());
    document.getElementById("talent").append(dialog);
    dialog.showModal();
  }

  // ---- where it goes ---------------------------------------------------------------------------------------------------

  async open() {
    const { content } = this.draft;
    const answer = await this.app.openable("build_open", { content, seed: this.app.market?.seed ?? 1 });
    if (!answer) return;
    this.draft.keep();
    this.#state();
    this.app.show(answer);
    this.app.go("market");
  }

  async toml() {
    const answer = await this.app.ask("build_toml", { content: this.draft.content });
    download(answer.name, answer.toml, "application/toml");
    this.draft.keep();
    this.#state();
  }

  async link() {
    const { code, scenario } = await this.app.ask("build_link", { content: this.draft.content });
    const query = new URLSearchParams(code ? { world: code } : { scenario });
    if (this.app.market && this.app.market.seed !== 1) query.set("seed", this.app.market.seed);
    const address = `${location.origin}${location.pathname}?${query}`;
    if (address.length > this.longestLink) {
      toast(`The link would have ${address.length.toLocaleString("en-GB")} characters, more than every program keeps whole. Save the scenario as TOML and send the file.`, "error");
      return;
    }
    try {
      await navigator.clipboard.writeText(address);
      toast(`Link copied (${address.length} characters). Whoever opens it sees this scenario.`);
    } catch {
      this.#show(address);
    }
  }

  #show(address) {
    const text = h("input", { type: "text", readonly: true, value: address, "aria-label": "Link", onfocus: (event) => event.target.select() });
    const dialog = h("dialog", { class: "numbers", "aria-label": "Link to this scenario" }, h("div", { class: "dialog-head" }, h("h2", { text: "Link to this scenario" }), h("button", { type: "button", text: "Close", onclick: () => dialog.close() })), text);
    dialog.addEventListener("close", () => dialog.remove());
    document.getElementById("talent").append(dialog);
    dialog.showModal();
    text.focus();
  }

  // ---- changes -------------------------------------------------------------------------------------------------------

  #changed(path, structure) {
    if (structure) {
      clearTimeout(this.redraw);
      this.redraw = setTimeout(() => this.#all(true), 0);
    }
    this.#state();
    this.#check(WAIT);
  }

  #history(which) {
    this.draft[which]();
  }

  #key(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "z") return;
    if (event.target.matches("textarea, input[type=text]")) return; // these undo their own typing
    event.preventDefault();
    this.#history(event.shiftKey ? "redo" : "undo");
  }

  #check(wait) {
    clearTimeout(this.soon);
    this.asked += 1;
    const number = this.asked;
    this.soon = setTimeout(async () => {
      try {
        const answer = await this.app.link.ask("build_check", { content: this.draft.content });
        if (number === this.asked) this.#checked(answer);
      } catch (error) {
        if (number === this.asked) this.#checked({ problems: [{ path: [], place: "", words: error.message }], more: 0, hash: null });
      }
      this.#remember();
    }, wait);
  }

  #checked(answer) {
    this.problems = answer.problems;
    this.answer = answer;
    this.#state();
    this.#mark();
    this.#outline();
  }

  #remember() {
    try {
      if (this.draft.dirty) localStorage.setItem(KEPT, JSON.stringify(this.draft.content));
    } catch {
      // private windows keep nothing
    }
  }

  // ---- what is shown -------------------------------------------------------------------------------------------------

  go(path) {
    this.chosen = path;
    this.#outline();
    this.#draw();
    this.form.querySelector("h3")?.focus({ preventScroll: true });
    if (matchMedia("(max-width: 900px)").matches) this.form.scrollIntoView({ block: "start" });
    else this.form.closest("main")?.scrollTo({ top: Math.min(this.form.closest("main").scrollTop, this.form.offsetTop) });
  }

  #all(keepFocus = false) {
    const focus = keepFocus ? document.activeElement?.closest?.("[data-path]")?.dataset.path : null;
    while (this.chosen.length > 1 && this.draft.get(this.chosen) === undefined) this.chosen = this.chosen.slice(0, -1);
    if (this.chosen.length === 3) this.chosen = this.chosen.slice(0, 2);
    this.#outline();
    this.#draw();
    this.#state();
    const wanted = this.forms.wanted ?? (focus ? JSON.parse(focus) : null);
    this.forms.wanted = null;
    if (wanted) this.#field(wanted)?.querySelector("input, select, textarea, button")?.focus();
  }

  #draw() {
    swap(this.form, this.forms.of(this.chosen));
    this.#mark();
  }

  #state() {
    const { draft, answer } = this;
    const wrong = this.problems.length + (answer?.more ?? 0);
    const said = [draft.dirty ? "Unsaved changes" : "No changes"];
    if (wrong) said.push(plural(wrong, "problem"));
    else if (answer?.hash) said.push(`${plural(answer.researchers, "researcher")} in ${plural(answer.teams, "team")}`, `${when(draft.content.start)} – ${when(answer.end)}`, `hash ${answer.hash.slice(0, 12)}`);
    this.state.textContent = said.join(" · ");
    this.state.title = answer?.hash ?? "";
    this.state.classList.toggle("dirty", draft.dirty);
    for (const button of [this.opens, this.save, this.linking]) button.disabled = wrong > 0;
    this.undo.disabled = !draft.past.length;
    this.redo.disabled = !draft.future.length;
  }

  /** Problems beside their fields, and all of them in a list whose items lead to the fields. */
  #mark() {
    for (const old of this.form.querySelectorAll(".problem[id], .field > .problem, .dimension > .problem, .part > .problem")) old.hidden = true;
    for (const old of this.form.querySelectorAll("[aria-invalid]")) {
      old.removeAttribute("aria-invalid");
      old.classList.remove("bad");
    }
    for (const problem of this.problems) {
      const place = this.#field(problem.path);
      const note = place?.querySelector(":scope > .problem");
      if (!note) continue;
      note.textContent = note.hidden ? problem.words : `${note.textContent} · ${problem.words}`;
      note.hidden = false;
      const input = place.querySelector("input, select, textarea");
      input?.setAttribute("aria-invalid", "true");
      input?.classList.add("bad");
    }
    const { problems } = this;
    const more = this.answer?.more ?? 0;
    swap(this.list, problems.length ? h("details", { open: problems.length <= 6 }, h("summary", { text: `${plural(problems.length + more, "problem")} to mend before it can run` }),
      h("ol", {}, problems.map((problem) => h("li", {}, h("button", { type: "button", class: "link", onclick: () => this.#to(problem) }, h("b", { text: this.#place(problem) }), ` ${problem.words}`))), more ? h("li", { text: `and ${more} more` }) : null)) : null);
  }

  /** The deepest field that a path leads through, in the form that is shown. */
  #field(path) {
    for (let length = path.length; length > 0; length -= 1) {
      const found = this.form.querySelector(`[data-path="${CSS.escape(tag(path.slice(0, length)))}"]`);
      if (found) return found.matches("select") ? found.closest("fieldset") : found;
    }
    return null;
  }

  #to(problem) {
    const { path } = problem;
    const [group, k, inner, team] = path;
    if (group === "employers" && inner === "teams" && typeof team === "number") this.go(path.slice(0, 4));
    else if (GROUPS.some(({ key }) => key === group) && typeof k === "number") this.go(path.slice(0, 2));
    else if (["parameters", "policies", "interventions"].includes(group) || GROUPS.some(({ key }) => key === group)) this.go([group]);
    else this.go([]);
    const place = this.#field(path);
    place?.scrollIntoView({ block: "center" });
    place?.querySelector("input, select, textarea, button")?.focus({ preventScroll: true });
  }

  #place({ path, place }) {
    if (!path.length) return place || "The scenario";
    const words = [];
    let here = this.draft.content;
    for (const key of path) {
      here = here?.[key];
      if (typeof key === "number") words[words.length - 1] = `${words.at(-1).replace(/s$/, "")} ${here?.name ?? here?.id ?? here?.kind ?? key + 1}`;
      else words.push(String(key).replaceAll("_", " "));
    }
    const text = words.join(" › ");
    return text.charAt(0).toUpperCase() + text.slice(1);
  }

  #outline() {
    const { draft } = this;
    const at = tag(this.chosen);
    const wrong = (path) => this.problems.filter((problem) => path.every((key, k) => problem.path[k] === key)).length;
    const badge = (count) => (count ? h("span", { class: "badge", title: plural(count, "problem"), text: count }) : null);
    const entry = (path, words, kind = "", count = wrong(path)) => h("button", { type: "button", class: `entry ${kind}`, "aria-current": tag(path) === at ? "true" : null, onclick: () => this.go(path) }, h("span", { text: words }), badge(count));
    const top = this.problems.filter(({ path }) => !path.length || !["parameters", "policies", "interventions", ...GROUPS.map(({ key }) => key)].includes(path[0])).length;
    const open = this.chosen[0];
    const had = new Set([...this.outline.querySelectorAll("details[open]")].map((each) => each.dataset.key));
    const groups = GROUPS.map(({ key, title }) => {
      const items = draft.list(key);
      const details = h("details", { "data-key": key, open: key === open || had.has(key) || (key === "employers" && !had.size) },
        h("summary", {}, h("span", { text: title }), h("span", { class: "count", text: items.length }), badge(wrong([key]))),
        entry([key], `All ${title.toLowerCase()}, add`, "all", 0),
        items.map((item, k) => [entry([key, k], nameOf(key, item, k)),
          key === "employers" && open === key && this.chosen[1] === k ? (item?.teams ?? []).map((team, t) => entry([key, k, "teams", t], String(team?.name ?? t + 1), "team")) : null]));
      return details;
    });
    const scroll = this.outline.scrollTop;
    swap(this.outline, entry([], "The scenario", "", top), groups, entry(["parameters"], `Parameters (${Object.keys(draft.content.parameters ?? {}).length})`),
      entry(["policies"], `Policies (${draft.list("policies").length})`), draft.form.tables.intervention ? entry(["interventions"], `Interventions (${draft.list("interventions").length})`) : null);
    this.outline.scrollTop = scroll;
  }
}

function app_scenarios(app) {
  return (app.catalogue?.scenarios ?? []).map(({ name, title }) => [name, title]);
}

function recall() {
  try {
    const kept = localStorage.getItem(KEPT);
    return kept && typeof JSON.parse(kept) === "object" ? kept : null;
  } catch {
    return null;
  }
}
