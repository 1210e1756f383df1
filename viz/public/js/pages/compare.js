import { h } from "../dom.js";

export default { id: "compare", title: "Compare", still: true, build: () => ({ node: h("section", {}, h("h2", { text: "Compare" })) }) };
