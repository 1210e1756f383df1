import { num } from "../format.js";

/** A number on an axis: no more places than it needs. */
export const tick = (value) => (Math.abs(value) >= 1000 ? num(value) : String(Number(value.toPrecision(5))).replace("-", "−"));
