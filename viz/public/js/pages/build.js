import { h } from "../dom.js";

export default { id: "build", title: "Build your own", still: true, build: () => ({ node: h("section", {}, h("h2", { text: "Build your own" })) }) };
