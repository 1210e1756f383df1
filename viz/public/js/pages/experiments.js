// Experiments: the folders of results, and what is in the one that is opened.

import { download, h, select, style, swap } from "../dom.js";
import { num, plural } from "../format.js";
import { block } from "../opened/blocks.js";

export default { id: "experiments", title: "Experiments", still: true, build };

const TYPES = { csv: "text/csv", json: "application/json", md: "text/markdown", toml: "application/toml", svg: "image/svg+xml", png: "image/png", parquet: "application/vnd.apache.parquet" };

function build(app) {
  style("experiments");
  const list = h("div", { class: "shelf" }, h("p", { class: "loading", text: "Looking for results…" }));
  const opened = h("article", { class: "opened", "aria-live": "off" });
  const again = h("button", { type: "button", text: "Look again", onclick: () => look().catch(() => {}) });
  const search = h("input", { type: "search", "aria-label": "Search results", placeholder: "Search: sweep, tiny …", oninput: () => shelve() });
  const kind = h("span", {});
  const where = h("p", { class: "note" });
  const node = h("section", {}, h("h2", { text: "Experiments" }),
    h("p", { class: "lead", text: "What runs, sweeps, fits and searches have left behind, drawn from their own files." }),
    h("div", { class: "experiments" }, h("div", { class: "side" }, h("div", { class: "bar-row" }, search, kind, again), where, list), opened));
  let found = [];
  let chosen = "";
  let wanted = "";
  let begun = false;
  let asked = 0;

  async function look() {
    begun = true;
    let answer;
    try {
      answer = await app.ask("experiments");
    } catch (error) {
      swap(list, h("p", { class: "empty", text: `The results could not be listed: ${error.message}` }));
      throw error;
    }
    found = answer.found;
    const kinds = [...new Set(found.filter((each) => each.kind).map(({ title }) => title))].sort();
    swap(kind, select([["", "all kinds"], ...kinds.map((title) => [title, title])], wanted, (title) => {
      wanted = title;
      shelve();
    }, { "aria-label": "Kind of result" }));
    where.textContent = answer.said || `In the folder ${answer.root}: ${plural(found.filter((each) => each.kind).length, "result")}${answer.more ? "; there are more folders than are shown" : ""}.`;
    shelve();
    if (!found.some((each) => each.kind)) empty(answer.said);
    else if (!chosen) swap(opened, h("p", { class: "empty", text: "Choose a result to open it." }));
  }

  function empty(said) {
    const command = (text, what) => h("li", {}, h("code", { text }), ` ${what}`);
    swap(opened, h("h3", { text: said || "Nothing to show yet." }), h("p", { text: "Make some on the command line, then look again:" }), h("ul", { class: "commands" },
      command("talent run tiny", "some histories, with fans of the cohorts"), command("talent sweep tiny --workers 2", "two factors, a heat map"),
      command("talent compare tiny --without T03 --out results/compare", "a world with and without an event"), command('talent frontier tiny --team "Alpha Language"', "what keeping people costs")));
  }

  function shelve() {
    const words = search.value.trim().toLowerCase();
    const shown = found.filter((each) => (!wanted || each.title === wanted) && (!words || `${each.folder} ${each.title} ${each.file} ${each.said}`.toLowerCase().includes(words)));
    swap(list, shown.length ? h("ul", { class: "results" }, shown.map((each) => h("li", { class: each.kind ? "" : "bad-folder" },
      each.kind
        ? h("button", { type: "button", class: "link", "aria-current": keyOf(each) === chosen ? "true" : null, onclick: () => open(each) }, h("b", { text: each.title }), h("span", { class: "where", text: each.folder === "." ? each.file : each.folder }), h("span", { class: "note", text: `${each.date} · ${bytes(each.size)}` }))
        : h("div", {}, h("b", { text: each.folder }), h("span", { class: "note", text: each.said })))))
      : h("p", { class: "empty", text: found.length ? "No result fits." : "" }));
  }

  async function open(each) {
    chosen = keyOf(each);
    shelve();
    asked += 1;
    const number = asked;
    swap(opened, h("p", { class: "loading", text: `Opening ${each.folder}…` }));
    try {
      const answer = await app.link.ask("experiment", { folder: each.folder, file: each.file, kind: each.kind });
      if (number === asked) draw(answer);
    } catch (error) {
      if (number === asked) swap(opened, h("h3", { text: each.folder }), h("p", { class: "empty", role: "alert", text: error.message }));
    }
    if (matchMedia("(max-width: 900px)").matches) opened.scrollIntoView({ block: "start" });
  }

  function draw(answer) {
    answer.facts_by = Object.fromEntries(answer.facts.map(([label, value]) => [label.toLowerCase(), value]));
    answer.page = (file) => app.link.ask("experiment_page", { folder: answer.folder, file });
    opened.source = () => [`${answer.kind_title}: ${answer.title}. In the folder ${answer.folder}.`, `${answer.facts.map(([label, value]) => `${label}: ${value}`).join(". ")}.`];
    const head = h("header", {}, h("p", { class: "kind", text: `${answer.kind_title} · ${answer.folder === "." ? answer.file : answer.folder}` }), h("h3", { class: "name", tabindex: -1, text: answer.title }),
      h("dl", { class: "facts across" }, answer.facts.map(([label, value]) => h("div", {}, h("dt", { text: label }), h("dd", { text: value })))),
      answer.command ? h("p", { class: "note" }, "Made with ", h("code", { text: answer.command })) : null);
    const files = answer.files.length ? h("details", { class: "files" }, h("summary", { text: `Original data: ${plural(answer.files.length, "file")}` }),
      h("ul", {}, answer.files.map((file) => h("li", {}, h("button", { type: "button", class: "link", disabled: !file.sent, text: file.name, onclick: () => fetchFile(answer.folder, file.name).catch(() => {}) }), h("span", { class: "note", text: file.sent ? bytes(file.size) : `${bytes(file.size)}: too large for the page, take it from the folder` }))))) : null;
    swap(opened, head, files, answer.blocks.map((one) => {
      try {
        return block(one, answer);
      } catch {
        return h("p", { class: "empty", text: `${one.title ?? "A part"} could not be drawn; its numbers are in the files.` });
      }
    }));
  }

  async function fetchFile(folder, file) {
    const answer = await app.ask("experiment_file", { folder, file });
    download(answer.name, new Blob([answer.data], { type: TYPES[file.split(".").at(-1)] ?? "application/octet-stream" }));
  }

  return {
    node,
    show() {
      if (!begun) look().catch(() => (begun = false));
    },
    update(what) {
      if (what === "theme") for (const chart of opened.querySelectorAll("figure.chart")) chart.refresh?.();
    },
  };
}

const keyOf = ({ folder, file, kind }) => `${folder}|${file}|${kind}`;

function bytes(size) {
  if (size >= 1024 ** 2) return `${num(size / 1024 ** 2, 1)} MB`;
  return size >= 1024 ? `${num(size / 1024, 0)} KB` : `${num(size)} bytes`;
}
