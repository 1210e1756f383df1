import { h } from "../dom.js";

export default { id: "experiments", title: "Experiments", still: true, build: () => ({ node: h("section", {}, h("h2", { text: "Experiments" })) }) };
