// For tests of script payloads: where they can be put in from inside the page, and whether any came to life.
window.payloads = {
  /** What came to life: the canary, elements of a payload, addresses and attributes that would run. */
  alive() {
    const found = [];
    if (window.__xss !== undefined) found.push("a script ran");
    for (const node of document.querySelectorAll("*")) {
      for (const { name, value } of node.attributes) {
        if (name === "data-xss" || /^on/.test(name)) found.push(`${node.tagName} has ${name}`);
        if (/^(href|src|action|srcdoc|formaction|xlink:href|data)$/.test(name) && /__xss|^\s*(javascript|vbscript|data:text)/i.test(decodeURI(value).replace(/^[^?]*\?.*/, ""))) found.push(`${node.tagName} ${name}=${value.slice(0, 60)}`);
        if (name === "style" && value.includes("__xss")) found.push(`${node.tagName} style=${value.slice(0, 60)}`);
      }
    }
    return found;
  },

  /** Type texts into every box that is there, and press Enter. */
  type(page, texts) {
    const boxes = [...document.querySelectorAll(`#page-${page} input, #page-${page} textarea, dialog input, dialog textarea`)].filter((box) => !/checkbox|radio|range|file|button/.test(box.type) && !box.disabled && !box.readOnly);
    boxes.forEach((box, k) => {
      box.focus();
      box.value = texts[k % texts.length];
      for (const kind of ["input", "change"]) box.dispatchEvent(new Event(kind, { bubbles: true }));
      box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    });
    return boxes.length;
  },

  /** From now on the server lies: whatever it says for a reader's eyes ends in a payload. */
  lie(texts) {
    const forEyes = new Set(["words", "label", "title", "note", "why", "employer_name", "team_name", "site", "country", "error", "does", "meaning", "source", "said", "option", "place", "unit", "project", "topic"]);
    let last = 0;
    const poisoned = (value, key, owner) => {
      if (Array.isArray(value)) return value.map((item) => poisoned(item, key, owner));
      if (typeof value === "string") {
        const isName = key === "name" && owner && ("row" in owner || "country" in owner || "count" in owner);
        if (!forEyes.has(key) && !isName) return value;
        last += 1;
        return `${value} ${texts[last % texts.length]}`;
      }
      if (value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return value;
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, poisoned(item, name, value)]));
    };
    const { link } = window.talent;
    const { hear } = link;
    link.model.off("msg:custom", hear);
    link.hear = (content, buffers) => hear(poisoned(content), buffers);
    link.model.on("msg:custom", link.hear);
  },
};
