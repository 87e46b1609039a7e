/** The frame of the page: signing in, where the views are, and how fresh what is seen is. */
import { h } from "./element.js";
import { ago } from "./format.js";

/** @typedef {import("./element.js").Element} Element */

/**
 * The form that takes the token.
 * @param {{ readonly problem: string | undefined, readonly isAsking: boolean }} shown
 */
export function signIn({ problem, isAsking }) {
  return h(
    "main",
    { class: "sign-in", id: "content", key: "sign-in" },
    h("img", { src: "icon.svg", alt: "", width: 48, height: 48 }),
    h("h1", { tabindex: -1 }, "S3 Encryption Gateway"),
    h("p", { class: "muted" }, "Admin console"),
    h(
      "form",
      { class: "card", "data-do": "sign-in" },
      h("label", { for: "token" }, "Admin token"),
      h("input", {
        id: "token",
        name: "token",
        type: "password",
        autocomplete: "current-password",
        required: true,
        "aria-describedby": problem === undefined ? "token-hint" : "token-problem token-hint",
        "aria-invalid": problem === undefined ? undefined : "true",
      }),
      h(
        "p",
        { id: "token-hint", class: "hint" },
        "The bearer token of the admin API (admin.auth). It stays in this page, and is gone when you reload or close it.",
      ),
      h("p", { id: "token-problem", class: "problem", role: "alert" }, problem ?? ""),
      h(
        "button",
        { type: "submit", class: "primary", disabled: isAsking },
        isAsking ? "Asking …" : "Sign in",
      ),
    ),
  );
}

/**
 * What is in the dialog: the harmless answer comes first, and is where the focus is.
 * @param {import("./actions.js").Question} question
 */
export function questionForm({ title, text, yes }) {
  const answer = (
    /** @type {string} */ value,
    /** @type {string} */ label,
    /** @type {string} */ tone,
  ) => h("button", { type: "submit", value, class: tone, key: value }, label);
  return h(
    "form",
    { method: "dialog" },
    h("h2", { id: "question-title" }, title),
    h("p", { id: "question-text" }, text),
    h(
      "div",
      { class: "buttons" },
      answer("no", yes === undefined ? "Close" : "Leave it", "plain"),
      yes !== undefined && answer("yes", yes, "danger"),
    ),
  );
}

/**
 * @typedef {object} Shown
 * @property {readonly import("./routes.js").Route[]} offered
 * @property {import("./routes.js").Route} route
 * @property {string} version
 * @property {string | undefined} readAt When what is seen was read, ISO 8601.
 * @property {string | undefined} problem Why it is not fresh.
 * @property {boolean} isPaused
 * @property {number} nowMs
 * @property {Element} view
 */

/**
 * @param {Shown} shown
 * @returns {Element[]}
 */
export function frame({ offered, route, version, readAt, problem, isPaused, nowMs, view }) {
  const { name, title, lead } = route;
  return [
    h(
      "a",
      { class: "skip", href: "#content", "data-do": "skip", key: "skip" },
      "Skip to the content",
    ),
    h(
      "header",
      { class: "bar", key: "bar" },
      h("img", { src: "icon.svg", alt: "", width: 28, height: 28 }),
      h(
        "p",
        { class: "product" },
        h("strong", {}, "S3 Encryption Gateway"),
        h("span", { class: "muted" }, ` ${version}`),
      ),
      h(
        "div",
        { class: "freshness" },
        h("span", {
          class: problem ? "dot bad" : isPaused ? "dot idle" : "dot good",
          "aria-hidden": "true",
        }),
        h("span", {}, freshness({ readAt, problem, isPaused, nowMs })),
      ),
      h(
        "button",
        { type: "button", class: "plain", "data-do": "pause", "aria-pressed": String(isPaused) },
        "Pause",
      ),
      h("button", { type: "button", class: "plain", "data-do": "sign-out" }, "Sign out"),
    ),
    h(
      "nav",
      { "aria-label": "Views", key: "nav" },
      h(
        "ul",
        {},
        ...offered.map((one) =>
          h(
            "li",
            { key: one.name },
            h(
              "a",
              { href: `#/${one.name}`, "aria-current": one.name === name ? "page" : undefined },
              one.title,
            ),
          ),
        ),
      ),
    ),
    h(
      "main",
      { id: "content", key: `view ${name}`, "data-view": name },
      h("h1", { tabindex: -1 }, title),
      h("p", { class: "muted" }, lead),
      h(
        "div",
        { role: "alert", key: "problem" },
        problem !== undefined && h("p", { class: "problem card" }, problem),
      ),
      view,
    ),
  ];
}

/** @param {Pick<Shown, "readAt" | "problem" | "isPaused" | "nowMs">} shown */
function freshness({ readAt, problem, isPaused, nowMs }) {
  const when = readAt === undefined ? "" : `, seen ${ago(readAt, nowMs)}`;
  if (problem !== undefined) return `Not fresh${when}`;
  if (readAt === undefined) return "Reading …";
  return isPaused ? `Paused${when}` : "Live";
}
