import { isShare, num } from "../format.js";

/** A number on an axis: no more places than it needs. */
export const tick = (value) => (Math.abs(value) >= 1000 ? num(value) : String(Number(value.toPrecision(5))).replace("-", "−"));

/** The same for numbers of a unit: parts of one in per cent. */
export const ticks = (unit) => (isShare(unit) ? (value) => `${tick(100 * value)} %` : tick);
