// Uses the next control of a page that has not been used yet, and tells which; null when there is none left.
page => {
  const own = `#page-${page} :is(button, select, input, textarea, summary, a[href])`;
  const seen = [...document.querySelectorAll(`${own}, .transport :is(button, select, input)`)].filter(node => node.getClientRects().length);
  const name = node => [
    node.tagName, node.type ?? "", node.getAttribute("aria-label") ?? "", node.id.replace(/-\d+$/, ""),
    node.tagName === "SELECT" ? "" : node.textContent.slice(0, 60), node.closest("[data-lever]")?.dataset.lever ?? "",
  ].join("|");
  document.querySelectorAll("dialog[open]").forEach(dialog => dialog.close());
  const next = seen.find(node => !node.disabled && !window.used.has(name(node)));
  if (!next) return null;
  const kind = name(next);
  window.used.add(kind);
  const change = () => ["input", "change"].forEach(what => next.dispatchEvent(new Event(what, { bubbles: true })));
  const isText = next.tagName === "TEXTAREA" || (next.tagName === "INPUT" && !["checkbox", "radio", "button", "range", "number", "file"].includes(next.type));
  if (next.tagName === "SELECT") {
    next.selectedIndex = next.options.length - 1;
    change();
  } else if (next.type === "range") {
    next.value = Number(next.min) + 0.6 * (next.max - next.min);
    change();
  } else if (next.type === "number") {
    next.value = next.max || 3;
    change();
  } else if (isText) {
    next.value = "7";
    change();
  } else if (next.type !== "file") next.click(); // uploads have tests of their own
  if (window.talent.page !== page) window.talent.go(page);
  return kind;
}
