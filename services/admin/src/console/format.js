/** How numbers, times and sizes are written. Every function takes null for what is not known. */

const UNKNOWN = "–";
const BINARY = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/**
 * A number with three digits that count, and k, M, G where it is large.
 * @param {number | null | undefined} value
 */
export function count(value) {
  if (value === null || value === undefined) return UNKNOWN;
  if (Number.isInteger(value) && Math.abs(value) < 10_000) return value.toLocaleString("en");
  return new Intl.NumberFormat("en", {
    notation: "compact",
    maximumSignificantDigits: 3,
  }).format(value);
}

/**
 * @param {number | null | undefined} value Bytes.
 */
export function bytes(value) {
  if (value === null || value === undefined) return UNKNOWN;
  let [scaled, unit] = [value, 0];
  while (scaled >= 1000 && unit < BINARY.length - 1) {
    scaled /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2;
  return `${Number(scaled.toFixed(digits))} ${BINARY[unit] ?? ""}`;
}

/**
 * @param {number | null | undefined} value Bytes per second.
 */
export function rate(value) {
  return value === null || value === undefined ? UNKNOWN : `${bytes(value)}/s`;
}

/**
 * @param {number | null | undefined} value Per second.
 */
export function perSecond(value) {
  return value === null || value === undefined ? UNKNOWN : `${count(rounded(value))}/s`;
}

/**
 * @param {number | null | undefined} value Seconds.
 */
export function seconds(value) {
  if (value === null || value === undefined) return UNKNOWN;
  if (value === 0) return "0 s";
  if (value < 0.001) return `${Number((value * 1e6).toPrecision(2))} µs`;
  if (value < 1) return `${Number((value * 1000).toPrecision(3))} ms`;
  return `${Number(value.toPrecision(3))} s`;
}

/**
 * How long something lasts, in its two largest units.
 * @param {number} milliseconds
 */
export function span(milliseconds) {
  const total = Math.max(0, Math.round(milliseconds / 1000));
  const parts = [
    [Math.floor(total / 86_400), "d"],
    [Math.floor(total / 3600) % 24, "h"],
    [Math.floor(total / 60) % 60, "min"],
    [total % 60, "s"],
  ];
  const first = parts.findIndex(([amount]) => amount !== 0);
  if (first < 0) return "0 s";
  return parts
    .slice(first, first + 2)
    .filter(([amount]) => amount !== 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(" ");
}

/**
 * How long ago, in words.
 * @param {string} iso
 * @param {number} nowMs
 */
export function ago(iso, nowMs) {
  const milliseconds = nowMs - Date.parse(iso);
  return milliseconds < 1500 ? "just now" : `${span(milliseconds)} ago`;
}

/**
 * A time of this day in the reader's own zone, with the date where it is another day's.
 * @param {string} iso
 * @param {number} nowMs
 */
export function time(iso, nowMs) {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const clock = date.toLocaleTimeString("en-GB");
  const isToday = date.toDateString() === new Date(nowMs).toDateString();
  return isToday ? clock : `${date.toLocaleDateString("en-CA")} ${clock}`;
}

/**
 * @param {number | null | undefined} value Of one.
 */
export function share(value) {
  if (value === null || value === undefined) return UNKNOWN;
  if (value > 0 && value < 0.001) return "< 0.1 %";
  return `${Number((value * 100).toFixed(1))} %`;
}

/**
 * One thing or several of them.
 * @param {number} amount
 * @param {string} one
 * @param {string} [many]
 */
export function several(amount, one, many = `${one}s`) {
  return `${count(amount)} ${amount === 1 ? one : many}`;
}

/** @param {number} value */
function rounded(value) {
  return value >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}
