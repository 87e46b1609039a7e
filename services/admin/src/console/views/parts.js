/** What several views are built of. */
import { h } from "../element.js";

/** @typedef {import("../element.js").Element} Element @typedef {import("../element.js").Child} Child */

/** What conditions of a process are called, and how they are marked: by a shape and a word, never by colour alone. */
const CONDITIONS = /** @type {const} */ ({
  ready: ["good", "●", "Ready"],
  not_ready: ["bad", "▲", "Not ready"],
  starting: ["warn", "◌", "Starting"],
  draining: ["warn", "◐", "Draining"],
  stopped: ["idle", "○", "Stopped"],
  silent: ["bad", "▲", "Silent"],
});

/** @typedef {keyof typeof CONDITIONS} Condition */

/** @param {Condition} condition */
export function conditionBadge(condition) {
  const [tone, mark, word] = CONDITIONS[condition];
  return badge(tone, word, mark);
}

/**
 * @param {"good" | "warn" | "bad" | "idle" | "info"} tone
 * @param {string} word
 * @param {string} [mark]
 */
export function badge(tone, word, mark = MARKS[tone]) {
  return h("span", { class: `badge ${tone}` }, h("span", { "aria-hidden": "true" }, mark), word);
}

const MARKS = { good: "●", warn: "◐", bad: "▲", idle: "○", info: "◆" };

/**
 * Something that is not there, said in words.
 * @param {string} title
 * @param {...Child} more
 */
export function empty(title, ...more) {
  return h(
    "div",
    { class: "card empty" },
    h("p", { class: "strong" }, title),
    ...more.map(asParagraph),
  );
}

/** @param {Child} child */
function asParagraph(child) {
  return typeof child === "string" ? h("p", {}, child) : child;
}

/**
 * A table that scrolls sideways where it has to.
 * @param {object} parts
 * @param {string} parts.caption
 * @param {boolean} [parts.isDense] Many rows, looked over rather than read.
 * @param {readonly (string | { readonly title: string, readonly isNumber: boolean })[]} parts.head
 * @param {readonly { readonly key: string, readonly cells: readonly Child[] }[]} parts.rows The first cell of each names the row.
 */
export function dataTable({ caption, head, rows, isDense = false }) {
  const columns = head.map((one) =>
    typeof one === "string" ? { title: one, isNumber: false } : one,
  );
  const classOf = (/** @type {number} */ at) => (columns[at]?.isNumber ? { class: "number" } : {});
  return h(
    "div",
    { class: "scroll", role: "group", "aria-label": caption, tabindex: 0 },
    h(
      "table",
      { class: isDense && "dense" },
      h("caption", { class: "hidden" }, caption),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ...columns.map(({ title }, at) => h("th", { scope: "col", ...classOf(at) }, title)),
        ),
      ),
      h(
        "tbody",
        {},
        ...rows.map(({ key, cells }) =>
          h(
            "tr",
            { key },
            ...cells.map((cell, at) =>
              at === 0 ? h("th", { scope: "row" }, cell) : h("td", classOf(at), cell),
            ),
          ),
        ),
      ),
    ),
  );
}

/**
 * Names and what they stand for.
 * @param {readonly (readonly [string, Child])[]} pairs
 */
export function facts(pairs) {
  return h(
    "dl",
    { class: "facts" },
    ...pairs.map(([name, value]) => h("div", { key: name }, h("dt", {}, name), h("dd", {}, value))),
  );
}

/**
 * A button that is heeded by the page (main.js): `action` and what it is about.
 * @param {string} action
 * @param {string} label
 * @param {Readonly<Record<string, string | undefined>> & { readonly name?: string, readonly tone?: string }} [about] `name`: what follows
 *   the label for who can't see beside what it stands.
 */
export function button(action, label, { name, tone, ...about } = {}) {
  const data = Object.fromEntries(
    Object.entries(about).map(([key, value]) => [`data-${key}`, value]),
  );
  return h(
    "button",
    { type: "button", class: tone ?? "plain", "data-do": action, ...data },
    label,
    name !== undefined && h("span", { class: "hidden" }, ` ${name}`),
  );
}
