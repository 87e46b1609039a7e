/** A plot over time: lines in SVG, with a legend that says the values in words and a table of the same numbers. */
import { h } from "./element.js";
import { time } from "./format.js";

/** @typedef {import("./element.js").Element} Element */

/**
 * @typedef {object} Line
 * @property {string} label
 * @property {readonly (number | null)[]} values One for each point; null where nothing is known.
 */

/**
 * @typedef {object} Plot
 * @property {string} id
 * @property {string} title
 * @property {string} hint What it shows, in a sentence.
 * @property {readonly string[]} at Times of the points, ISO 8601.
 * @property {readonly Line[]} lines At most three.
 * @property {(value: number | null) => string} format
 * @property {number} [floor] The scale goes up to this at least.
 * @property {boolean} [isBinary] Values are bytes: round numbers are those of 1024.
 * @property {number | undefined} [pointedAt] Index of the point whose values are shown; the last one otherwise.
 */

const WIDTH = 600;
const HEIGHT = 140;

/** @param {Plot} plot */
export function chart(plot) {
  const { id, title, hint, lines } = plot;
  const known = lines.flatMap(({ values }) => values.filter((value) => value !== null));
  const body =
    known.length < 2
      ? h("p", { class: "empty" }, "Not enough was heard yet to draw this.")
      : h("div", { class: "plot" }, ...drawing(plot, known), readings(plot), table(plot));
  return h(
    "section",
    { class: "card chart", key: id, "aria-labelledby": `${id}-title` },
    h("h3", { id: `${id}-title` }, title),
    h("p", { class: "hint" }, hint),
    body,
  );
}

/**
 * @param {Plot} plot
 * @param {readonly number[]} known
 * @returns {Element[]}
 */
function drawing({ id, at, lines, format, floor = 0, isBinary = false, pointedAt }, known) {
  const highest = Math.max(floor, ...known);
  const unit = isBinary && highest > 0 ? 1024 ** Math.floor(Math.log2(highest) / 10) : 1;
  const rounded = niceTop(highest / unit);
  const top = (isBinary && rounded === 1000 ? 1024 : rounded) * unit;
  const x = (/** @type {number} */ index) => (WIDTH * index) / Math.max(1, at.length - 1);
  const y = (/** @type {number} */ value) => HEIGHT - (HEIGHT * value) / top;
  const strokes = lines.flatMap(({ values }, number) => {
    const points = values.map((value, index) => {
      return value === null ? null : { x: x(index), y: y(value) };
    });
    const area = number === 0 ? [h("path", { class: "area", d: areaOf(points) })] : [];
    return [...area, h("path", { class: `line line-${number + 1}`, d: pathOf(points) })];
  });
  const grid = [0, 0.5, 1].map((part) =>
    h("line", { class: "grid", x1: 0, x2: WIDTH, y1: HEIGHT * part, y2: HEIGHT * part }),
  );
  const cross =
    pointedAt === undefined
      ? []
      : [h("line", { class: "cross", x1: x(pointedAt), x2: x(pointedAt), y1: 0, y2: HEIGHT })];
  return [
    h(
      "div",
      { class: "scale", "aria-hidden": "true" },
      ...[top, top / 2, 0].map((value) => h("span", {}, format(value))),
    ),
    h(
      "svg",
      {
        "aria-hidden": "true",
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        preserveAspectRatio: "none",
        "data-plot": id,
        "data-points": at.length,
      },
      ...grid,
      ...strokes,
      ...cross,
    ),
    h(
      "div",
      { class: "times", "aria-hidden": "true" },
      ...[0, 0.5, 1].map((part) => {
        const moment = at[Math.round(part * (at.length - 1))] ?? "";
        return h("span", {}, clock(moment));
      }),
    ),
  ];
}

/**
 * The legend: what each line is now, or where somebody points, and how high it went.
 * @param {Plot} plot
 */
function readings({ at, lines, format, pointedAt }) {
  const index = pointedAt ?? at.length - 1;
  return h(
    "dl",
    { class: "legend" },
    ...lines.map(({ label, values }, number) => {
      const known = values.filter((value) => value !== null);
      const highest = known.length === 0 ? null : Math.max(...known);
      return h(
        "div",
        { key: label },
        h(
          "dt",
          {},
          h("span", { class: `swatch line-${number + 1}`, "aria-hidden": "true" }),
          label,
        ),
        h(
          "dd",
          {},
          h("strong", {}, format(values[index] ?? null)),
          h("span", { class: "muted" }, ` highest ${format(highest)}`),
        ),
      );
    }),
    pointedAt !== undefined && h("p", { class: "muted pointed" }, `at ${clock(at[index] ?? "")}`),
  );
}

/**
 * The same numbers, one row a minute: for who does not see the lines, or wants to copy them.
 * @param {Plot} plot
 */
function table({ id, title, at, lines, format }) {
  const rows = minutes(at);
  return h(
    "details",
    { class: "numbers", key: `${id}-numbers` },
    h("summary", {}, "Show as a table", h("span", { class: "hidden" }, `: ${title}`)),
    h(
      "div",
      { class: "scroll", tabindex: 0, role: "group", "aria-label": `${title}, numbers` },
      h(
        "table",
        {},
        h("caption", { class: "hidden" }, `${title}, one row a minute`),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("th", { scope: "col" }, "Time"),
            ...lines.map(({ label }) => h("th", { scope: "col", class: "number" }, label)),
          ),
        ),
        h(
          "tbody",
          {},
          ...rows.map((index) =>
            h(
              "tr",
              { key: at[index] ?? "" },
              h("th", { scope: "row" }, clock(at[index] ?? "")),
              ...lines.map(({ values }) =>
                h("td", { class: "number" }, format(values[index] ?? null)),
              ),
            ),
          ),
        ),
      ),
    ),
  );
}

/**
 * The last point of every minute, newest first.
 * @param {readonly string[]} at
 */
function minutes(at) {
  const last = new Map(at.map((moment, index) => [moment.slice(0, 16), index]));
  return [...last.values()].reverse();
}

/**
 * A round number not below this one: 1, 2 or 5 times a power of ten.
 * @param {number} value
 */
export function niceTop(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= value * 0.999) ?? 10;
  return step * power;
}

/**
 * @typedef {{ readonly x: number, readonly y: number } | null} Place
 */

/**
 * One line that breaks off where nothing is known.
 * @param {readonly Place[]} places
 */
export function pathOf(places) {
  return runsOf(places)
    .map((run) =>
      run.map(({ x, y }, at) => `${at === 0 ? "M" : "L"}${fixed(x)} ${fixed(y)}`).join(""),
    )
    .join("");
}

/** @param {readonly Place[]} places */
function areaOf(places) {
  return runsOf(places)
    .map((run) => {
      const [first, last] = [run[0], run.at(-1)];
      const line = run.map(({ x, y }) => `L${fixed(x)} ${fixed(y)}`).join("");
      return `M${fixed(first?.x ?? 0)} ${HEIGHT}${line}L${fixed(last?.x ?? 0)} ${HEIGHT}Z`;
    })
    .join("");
}

/**
 * @param {readonly Place[]} places
 * @returns {{ readonly x: number, readonly y: number }[][]}
 */
function runsOf(places) {
  /** @type {{ readonly x: number, readonly y: number }[][]} */
  const runs = [[]];
  for (const place of places) {
    if (place) runs.at(-1)?.push(place);
    else runs.push([]);
  }
  return runs.filter((run) => run.length > 0);
}

/** @param {number} value */
function fixed(value) {
  return Number(value.toFixed(1));
}

/** @param {string} iso */
function clock(iso) {
  return iso === "" ? "" : time(iso, Date.parse(iso));
}
