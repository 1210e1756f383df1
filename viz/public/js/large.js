// A market that is large is told of before it is opened: an address of a few letters may ask for a million people.

import { h } from "./dom.js";

/** Ask the reader; resolves to whether the market is to be opened. `words` says how large it is, `kept` what stays otherwise. */
export function wanted({ title, words }, kept) {
  return new Promise((resolve) => {
    const open = h("button", { type: "button", text: "Open it", onclick: () => dialog.close("open") });
    const keep = h("button", { type: "button", class: "primary", text: kept, autofocus: true, onclick: () => dialog.close("") });
    const dialog = h("dialog", { class: "numbers large", "aria-label": "A large market" },
      h("div", { class: "dialog-head" }, h("h2", { text: "A large market" })),
      h("p", {}, h("strong", { text: title })), h("p", { text: words }),
      h("div", { class: "bar-row" }, open, keep));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "open");
    });
    document.getElementById("talent").append(dialog);
    dialog.showModal();
  });
}
