// A page of its own beside a document, such as report.html. Anybody may have written it, so it is shown in a frame without
// an origin, under a policy by which nothing is loaded and no script but that of our reports runs.

import { h, toast } from "../dom.js";

export function frame({ title, file }, opened) {
  const button = h("button", { type: "button", class: "primary", text: `Open ${file}`, onclick: async () => {
    button.disabled = true;
    try {
      show(title, await opened.page(file), button);
    } catch (error) {
      toast(error.message, "error");
    }
    button.disabled = false;
  } });
  return h("div", { class: "said" }, h("h3", { text: title }), h("p", { text: "Every chart with its sentences and numbers, on one page." }), button);
}

function show(title, { name, data, policy }, from) {
  const inside = h("iframe", { sandbox: "allow-scripts", title: name, referrerpolicy: "no-referrer" });
  inside.srcdoc = `<!doctype html><html data-theme="${document.documentElement.dataset.theme === "dark" ? "dark" : "light"}"><head><meta http-equiv="Content-Security-Policy" content="${policy}">${new TextDecoder().decode(data)}`;
  const dialog = h("dialog", { class: "page-frame", "aria-label": title },
    h("div", { class: "dialog-head" }, h("h2", { text: name }), h("button", { type: "button", text: "Close", onclick: () => dialog.close() })), inside);
  dialog.addEventListener("close", () => {
    dialog.remove();
    from.focus();
  });
  (document.getElementById("talent") ?? document.body).append(dialog);
  dialog.showModal();
}
