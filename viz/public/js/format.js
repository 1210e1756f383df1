// Numbers, dates and names as a reader wants them: thousands apart, a true minus sign, units, no false precision.

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });

/** About three figures: 1,234 · 56.7 · 0.123; "–" for what is not known. */
export function num(value, places) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const digits = places ?? (size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
  const text = digits === 0 ? whole.format(size) : size.toFixed(digits);
  return (value < 0 && /[1-9]/.test(text) ? "−" : "") + text;
}

/** With a sign: +0.9, −0.4. */
export function signed(value, places = 2) {
  const text = num(value, places);
  return value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

/** A share as per cent; small ones never become a false zero. */
export function percent(share) {
  if (share === null || share === undefined || !Number.isFinite(share)) return "–";
  if (share > 0 && share < 0.005) return "<1 %";
  return `${num(100 * share, 0)} %`;
}

/** Whether numbers of a unit are parts of one, read best as per cent. */
export const isShare = (unit) => unit === "share" || (unit ?? "").startsWith("share of");

/** A value as a reader wants it: parts of one as per cent, with one decimal when small; all else as `num` has it. */
export function valueOf(unit) {
  return isShare(unit) ? (value) => (Number.isFinite(value) ? `${num(100 * value, Math.abs(value) < 0.1 ? 1 : 0)} %` : "–") : (value) => num(value);
}

/** "2023-02" as "Feb 2023". */
export function when(date) {
  const [year, month] = String(date).split("-");
  return `${MONTHS[Number(month) - 1] ?? ""} ${year}`;
}

/** The calendar month of a month number, "YYYY-MM". */
export function dateOf(start, month) {
  const [year, first] = start.split("-").map(Number);
  const count = year * 12 + first - 1 + month;
  return `${Math.floor(count / 12)}-${String((count % 12) + 1).padStart(2, "0")}`;
}

/** Months from the start to a date. */
export function monthOf(start, date) {
  const [[y0, m0], [y1, m1]] = [start, date].map((text) => text.split("-").map(Number));
  return (y1 - y0) * 12 + m1 - m0;
}

/** A calendar month as a Date, for the axes of charts. */
export function asDate(start, month) {
  const [year, first] = start.split("-").map(Number);
  return new Date(Date.UTC(year, first - 1 + month, 1));
}

/** A count with its noun: 1 person, 2 people. */
export function plural(n, one, many = `${one}s`) {
  return `${num(n)} ${n === 1 ? one : many}`;
}

/** First letter large; underscores are spaces. */
export function words(name) {
  const text = String(name).replaceAll("_", " ").replaceAll("-", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** "about 2 min", for what is left of long work. */
export function duration(seconds) {
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return `${Math.round(seconds / 60)} min`;
}
