// placeholder until the shapes of the cards are known
import { h } from "./dom.js";
export class Card { constructor(app) { this.app = app; this.node = h("div", { class: "card" }); } async show() { return null; } }
