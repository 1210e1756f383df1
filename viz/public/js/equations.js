// Equations as MathML, which browsers draw and screen readers read, from a few small pieces.

const NS = "http://www.w3.org/1998/Math/MathML";

function node(tag, ...children) {
  const made = document.createElementNS(NS, tag);
  for (const child of children.flat()) made.append(typeof child === "string" || typeof child === "number" ? leaf(String(child)) : child);
  return made;
}

function leaf(text) {
  const tag = /^[\d.]+$/.test(text) ? "mn" : /^\p{L}[\p{L}\d]*$/u.test(text) ? "mi" : "mo";
  const made = document.createElementNS(NS, tag);
  made.textContent = text;
  return made;
}

const text = (words) => {
  const made = document.createElementNS(NS, "mtext");
  made.textContent = words;
  return made;
};
const sub = (base, index) => node("msub", base, text(index));
const sup = (base, power) => node("msup", base, typeof power === "string" ? leaf(power) : power);
const frac = (over, under) => node("mfrac", over, under);
const row = (...parts) => node("mrow", ...parts);
const paren = (...parts) => row("(", ...parts, ")");

/** A display equation, on as many lines as it needs, with words for those who do not see it. */
export function equation(name) {
  const { words, lines } = EQUATIONS[name];
  const table = node("mtable", ...lines().map((parts) => node("mtr", left(node("mtd", ...parts)))));
  table.setAttribute("columnalign", "left");
  const made = node("math", table);
  made.setAttribute("display", "block");
  made.setAttribute("aria-label", words);
  return made;
}

function left(cell) {
  cell.setAttribute("style", "text-align: left; padding: 3px 0");
  return cell;
}

const EQUATIONS = {
  utility: {
    words: "V is the sum of taste for pay times the logarithm of pay over reference pay, taste for compute times phi of compute over need, taste for culture times fit, taste for colleagues times the share of ties there, prestige, equity, place, and the personal match, less deprivation, strain and broken promises, plus roots",
    lines: () => [
      ["V", "=", sub("b", "pay"), " ln ", frac(text("pay"), text("reference pay")), "+", sub("b", "comp"), "φ", paren(frac("g", text("need")))],
      ["+", sub("b", "cult"), text(" fit"), "+", sub("b", "peer"), text(" ties there"), "+", sub("b", "pres"), text(" ln(1 + prestige)")],
      ["+", text("equity + place + match + roots")],
      ["−", text("deprivation − strain − breach")],
    ],
  },
  phi: { words: "phi of x is two x over one plus x", lines: () => [["φ", paren("x"), "=", frac(row("2", "x"), row("1", "+", "x"))]] },
  open: {
    words: "The probability to open the decision is one minus e to the minus h, where h is h zero plus h shock times shocks felt plus h gap times what the outside is better, plus h ties times recent leavers among ties, plus h offer times offers",
    lines: () => [
      ["P", text("(open)"), "=", "1", "−", sup("e", row("−", "h"))],
      ["h", "=", sub("h", "0"), "+", sub("h", "shock"), text(" shocks"), "+", sub("h", "gap"), text(" (outside − present)")],
      ["+", sub("h", "ties"), text(" leavers among ties"), "+", sub("h", "offer"), text(" offers")],
    ],
  },
  choice: { words: "U is V plus mu times a Gumbel draw; the option with the largest U is taken", lines: () => [[sub("U", "k"), "=", sub("V", "k"), "+", "μ", sub("ε", "k")], [text("ε standard Gumbel; the largest U is taken")]] },
  progress: { words: "Progress is effective compute to the power alpha times team skill to the power one minus alpha", lines: () => [[text("progress"), "=", sup(text("compute"), "α"), "×", sup(text("skill"), row("1", "−", "α"))]] },
  committee: { words: "The share of a team under the committee rule is proportional to priority to the power a, times closeness to release, times request", lines: () => [[sub(text("share"), "team"), "∝", sup(text("priority"), "a"), "×", text("closeness × request")]] },
};
