// Words and sums that the pages on several worlds share: what an outcome is called, intervals, bands over histories.

import { signed, when, words } from "./format.js";

export const FEWEST = 10; // histories from which a difference is told from luck, as in abm/verdicts.py

const METRICS = {
  startup_share: "Share of departures that go to start-ups", referral_share: "Share of hires through referrals", n_searching: "Researchers without a job", mean_pay: "Mean pay",
  compute_gini: "Inequality of compute per head", new_startups: "Start-ups founded", exits: "Departures in all",
};

/** An outcome in words; `cohorts`: [{name, label}]. */
export function outcomeWords(text, cohorts = []) {
  const [what, date] = text.split("@");
  const [kind, subject] = [what.split(":")[0], what.split(":").slice(1).join(":")];
  const by = date ? ` by ${date.split("..").map(when).join(" – ")}` : "";
  const label = cohorts.find(({ name }) => name === subject)?.label ?? subject;
  if (kind === "left") return `${short(label)}: gone${by}`;
  if (kind === "exits" && subject) return `Departures from ${subject}${by}`;
  if (kind === "exit_rate") return `Departure rate of ${subject}${by}`;
  if (kind === "headcount") return `Head count of ${subject}, mean${by}`;
  return `${METRICS[kind] ?? words(kind)}${subject ? `, ${subject}` : ""}${by}`;
}

/** A cohort's label with a capital letter and without what stands in brackets. */
export function short(label) {
  const text = label.replace(/\s*\([^)]*\)/g, "").replace(/^the /i, "");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export const isKnown = (value) => value !== null && value !== undefined && Number.isFinite(value);

/** Whether a difference is told from luck, by the verdict that came with it. */
export function isClear({ verdict: said }) {
  return said === "higher" || said === "lower";
}

/** "+3.20 (+1.10 to +5.30)"; the mean alone where there is no interval. */
export function interval({ mean, low, high }) {
  if (!isKnown(low) || !isKnown(high) || low === high) return change(mean);
  return `${change(mean)} (${change(low)} to ${change(high)})`;
}

/** A difference with its sign and about three figures. */
export function change(value) {
  return signed(value, null);
}

/** The verdict of abm/verdicts.py, for a reader. */
export function verdict(row, histories) {
  if (row.verdict === "no difference in any pair") return histories > 1 ? `no difference in any of ${histories} pairs` : "no difference";
  if (row.verdict === "too few pairs") return "too few histories to tell";
  return isClear(row) ? `${row.verdict}, beyond luck` : "within luck";
}

/** The value below which a share of sorted values lies. */
export function quantile(sorted, share) {
  if (!sorted.length) return NaN;
  const at = (sorted.length - 1) * share;
  const low = Math.floor(at);
  return sorted[low] + (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]) * (at - low);
}

/** Quantiles and mean by month over many series: {q: {5: [...], 25: ...}, mean: [...]}. */
export function fan(all, shares = [0.05, 0.25, 0.5, 0.75, 0.95]) {
  const months = Math.max(0, ...all.map((values) => values.length));
  const found = { mean: [] };
  for (const share of shares) found[Math.round(share * 100)] = [];
  for (let month = 0; month < months; month += 1) {
    const here = all.map((values) => values[month]).filter(Number.isFinite).sort((a, b) => a - b);
    found.mean.push(here.length ? here.reduce((sum, value) => sum + value, 0) / here.length : NaN);
    for (const share of shares) found[Math.round(share * 100)].push(quantile(here, share));
  }
  return found;
}

/** Sums so far of values by month. */
export function sofar(values) {
  let sum = 0;
  return Array.from(values, (value) => (sum += Number.isFinite(value) ? value : 0));
}

/** Rows of a waterfall: each begins where the one before ended. `steps`: [{name, value, ...}]. */
export function stacked(base, steps) {
  let at = base;
  return steps.map((step) => {
    const row = { ...step, from: at, to: at + step.value };
    at = row.to;
    return row;
  });
}
