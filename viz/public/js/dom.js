// Elements without markup: text only ever becomes a text node, so a name can hold anything and stays a name.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An HTML element. Attributes starting with "on" are listeners; `class`, `text` and `data-*` as one expects; false,
 * null and undefined leave an attribute out; children are nodes, texts, numbers, or nested lists of these.
 */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** An SVG element, in the same way. */
export function s(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "text") node.textContent = value;
    else if (name === "value" && "value" in node) node.value = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  put(node, children);
  return node;
}

function put(node, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) put(node, child);
    else node.append(child instanceof Node ? child : String(child));
  }
}

/**
 * Replace what is in a node. Who has the focus in it keeps it: the same control if it is there again, such as a line of a
 * list, or else what holds it.
 */
export function swap(node, ...children) {
  const held = node !== document.activeElement && node.contains(document.activeElement) ? document.activeElement : null;
  const twins = held && alike(node, held).indexOf(held);
  node.replaceChildren();
  put(node, children);
  if (held && document.activeElement !== held) {
    const again = node.contains(held) ? held : (alike(node, held)[twins] ?? alike(node, held)[0] ?? node.closest("[tabindex]"));
    again?.focus({ preventScroll: true });
  }
  return node;
}

/** The controls in a node that are called what this one is called. */
function alike(node, control) {
  const called = (each) => each.id || each.getAttribute("aria-label") || each.textContent;
  return [...node.getElementsByTagName(control.tagName)].filter((each) => called(each) === called(control));
}

/** A labelled control: the label is above it, what it means is behind a small mark and read out with it. */
export function labelled(label, control, { hint = "", unit = "" } = {}) {
  const id = control.id || (control.id = unique("control"));
  const note = hint ? h("span", { class: "hint", id: `${id}-hint`, text: hint }) : null;
  if (note) control.setAttribute("aria-describedby", note.id);
  return h("div", { class: "labelled" }, h("label", { for: id }, label, unit ? h("span", { class: "unit", text: unit }) : null), control, note);
}

let count = 0;
/** A name that no other element has. */
export function unique(stem) {
  count += 1;
  return `${stem}-${count}`;
}

/** A select with options [[value, words], ...]. */
export function select(options, value, onchange, attributes = {}) {
  const node = h(
    "select",
    { ...attributes, onchange: () => onchange(node.value) },
    options.map(([key, words]) => h("option", { value: key, text: words, selected: String(key) === String(value) })),
  );
  return node;
}

/** Buttons of which one is chosen, as a group with a name: [[value, words], ...]. */
export function choice(name, options, value, onchange) {
  const buttons = options.map(([key, words]) =>
    h("button", { type: "button", class: "chip", "aria-pressed": String(key === value), text: words, onclick: () => set(key, true) }),
  );
  function set(key, tell) {
    options.forEach(([each], k) => buttons[k].setAttribute("aria-pressed", String(each === key)));
    if (tell) onchange(key);
  }
  const node = h("div", { class: "choice", role: "group", "aria-label": name }, buttons);
  node.set = (key) => set(key, false);
  return node;
}

/** A table of rows with a caption; columns are [[head, row => cell, "r" for numbers], ...]. */
export function table(caption, columns, rows, { empty = "Nothing yet.", hideCaption = false } = {}) {
  if (!rows.length) return h("p", { class: "empty", text: empty });
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
    h("table", {},
      h("caption", { class: hideCaption ? "unseen" : "", text: caption }),
      h("thead", {}, h("tr", {}, columns.map(([head, , kind]) => h("th", { scope: "col", class: kind ?? "", text: head })))),
      h("tbody", {}, rows.map((row) => h("tr", {}, columns.map(([head, cell, kind]) => h("td", { class: kind ?? "", "data-th": head }, cell(row)))))),
    ),
  );
}

/** A short message above everything, read out; errors stay until closed. `offer`: [words, function] of a button in it. */
export function toast(words, kind = "note", offer = null) {
  let host = document.getElementById("toasts");
  if (!host) {
    host = h("div", { id: "toasts", "aria-live": "polite" });
    (document.getElementById("talent") ?? document.body).append(host);
  }
  const node = h("div", { class: `toast ${kind}`, role: kind === "error" ? "alert" : "status" }, h("p", { text: words }),
    offer ? h("button", { type: "button", class: "offer", text: offer[0], onclick: () => {
      node.remove();
      offer[1]();
    } }) : null,
    h("button", { type: "button", class: "quiet", "aria-label": "Close message", text: "×", onclick: () => node.remove() }));
  host.append(node);
  while (host.children.length > 3) host.firstChild.remove();
  if (kind !== "error") setTimeout(() => node.remove(), offer ? 12_000 : 6000);
  return node;
}

/** Say what went wrong, unless that has been said. */
export function complain(error) {
  if (!error.told) toast(error.message, "error");
  if (error.constructor !== Error) console.error(error); // not a refusal: a fault of the page
}

/** A listener for a button whose work takes a while: until it is over further clicks do nothing, and what fails is said. */
export function waits(work) {
  return async ({ currentTarget: button }) => {
    if (button.ariaDisabled === "true") return;
    button.ariaDisabled = "true"; // not `disabled`: the page sets that itself, and it would lose the focus
    try {
      await work();
    } catch (error) {
      complain(error);
    } finally {
      button.ariaDisabled = null;
    }
  };
}

/** A page's own style sheet, loaded once. */
export function style(name) {
  if (document.querySelector(`link[data-page-style="${name}"]`)) return;
  document.head.append(h("link", { rel: "stylesheet", href: new URL(`../css/${name}.css`, import.meta.url).href, "data-page-style": name }));
}

/** Hand a file to the reader. The name is made of letters, digits, points, dashes and underscores only. */
export function download(name, content, type) {
  const blob = content instanceof Blob ? content : new Blob([content], { type });
  const url = URL.createObjectURL(blob);
  const link = h("a", { href: url, download: name.replace(/[^\w.-]+/g, "-").slice(0, 80) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}
