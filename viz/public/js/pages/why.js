import { h } from "../dom.js";

export default { id: "why", title: "Why", still: true, build: () => ({ node: h("section", {}, h("h2", { text: "Why" })) }) };
