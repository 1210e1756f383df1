import { h } from "../dom.js";

export default { id: "learn", title: "Learn", still: true, build: () => ({ node: h("section", {}, h("h2", { text: "Learn" })) }) };
