/** Binds the console to the page it is in. */
import { App } from "./app.js";
import { show } from "./dom.js";
import { questionForm } from "./frame.js";

const page = part("page", HTMLElement);
const news = part("news", HTMLElement);
const dialog = part("question", HTMLDialogElement);

const app = new App({
  fetch: (target, options) => fetch(target, options),
  show: (elements) => show(page, elements),
  say: (words) => {
    news.textContent = words;
  },
  ask,
  hash: () => location.hash,
  now: () => Date.now(),
  after: (run, ms) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
});

app.render();
page.querySelector("input")?.focus();

addEventListener("hashchange", () => {
  if (!app.isOpen) return;
  settled(app.moved());
  focusOnTitle();
});

page.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.dataset.do === "sign-in") {
    app.signIn(text(form, "token")).then(afterSignIn, complain);
  } else if (form.dataset.do === "filter-audit") {
    const filters = Object.fromEntries(
      ["operation", "bucket", "result", "access_key"].map((name) => [
        name,
        text(form, name).trim(),
      ]),
    );
    app.wish({ filters, isHeld: false });
    settled(app.look());
  } else if (form.dataset.do === "start-rotation") {
    const about = { target: text(form, "target"), grace: text(form, "grace").trim() };
    app.act("start-rotation", { from: form.dataset.from, ...about }).then(keepFocus, complain);
  } else if (form.dataset.do === "search-settings") search(form);
});

page.addEventListener("input", (event) => {
  const field = /** @type {HTMLInputElement} */ (event.target);
  if (field.dataset.live === "search-settings" && field.form) search(field.form);
});

page.addEventListener("click", (event) => {
  const pressed = /** @type {Element} */ (event.target).closest("[data-do]");
  if (!(pressed instanceof HTMLElement) || pressed instanceof HTMLFormElement) return;
  const { do: action = "", ...about } = pressed.dataset;
  const own = CLICKS[action];
  if (own) own(pressed, event);
  else app.act(action, about).then(keepFocus, complain);
});

/** @type {Readonly<Record<string, ((pressed: HTMLElement, event: Event) => void) | undefined>>} */
const CLICKS = {
  skip: (_, event) => {
    event.preventDefault();
    focusOnTitle();
  },
  pause: () => settled(app.pause()),
  "sign-out": () => {
    app.signOut();
    page.querySelector("input")?.focus();
  },
  "hold-audit": () => {
    app.wish({ isHeld: !app.wishes.isHeld });
    settled(app.look());
  },
  "clear-audit": (pressed) => {
    pressed
      .closest("form")
      ?.querySelectorAll("input, select")
      .forEach((field) => {
        /** @type {HTMLInputElement | HTMLSelectElement} */ (field).value = "";
      });
    app.wish({ filters: {}, isHeld: false });
    settled(app.look());
  },
};

page.addEventListener("pointermove", (event) => pointAt(pointOf(event)));
page.addEventListener("pointerleave", () => pointAt(undefined));

/** @param {number | undefined} pointedAt */
function pointAt(pointedAt) {
  if (app.isOpen && app.wishes.pointedAt !== pointedAt) app.wish({ pointedAt });
}

/** Which point of a plot the pointer is at. @param {PointerEvent} event */
function pointOf(event) {
  const plot = /** @type {Element} */ (event.target).closest("svg[data-plot]");
  const points = Number(plot?.getAttribute("data-points"));
  if (!plot || points < 2) return undefined;
  const { left, width } = plot.getBoundingClientRect();
  const at = Math.round(((event.clientX - left) / width) * (points - 1));
  return Math.min(points - 1, Math.max(0, at));
}

/** @param {Promise<unknown>} work */
function settled(work) {
  work.catch(complain);
}

/** A bug: it goes where bugs of pages go. @param {unknown} error */
function complain(error) {
  reportError(error);
}

/** @param {boolean} isIn */
function afterSignIn(isIn) {
  if (isIn) focusOnTitle();
  else page.querySelector("input")?.focus();
}

function focusOnTitle() {
  page.querySelector("h1")?.focus();
  document.title = `${page.querySelector("h1")?.textContent ?? ""} · S3 Encryption Gateway`;
}

/** What was pressed may be gone by now. */
function keepFocus() {
  if (document.activeElement === document.body) focusOnTitle();
}

/** @param {HTMLFormElement} form */
function search(form) {
  const isChangedOnly = new FormData(form).has("changed");
  app.wish({ search: { text: text(form, "text"), isChangedOnly } });
}

/**
 * @param {HTMLFormElement} form
 * @param {string} name
 */
function text(form, name) {
  const value = new FormData(form).get(name);
  return typeof value === "string" ? value : "";
}

/**
 * Asks in a dialog; true for yes.
 * @param {import("./actions.js").Question} question
 * @returns {Promise<boolean>}
 */
function ask(question) {
  show(dialog, [questionForm(question)]);
  dialog.returnValue = "";
  dialog.showModal();
  const { promise, resolve } = Promise.withResolvers();
  dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  return promise;
}

/**
 * A part of index.html.
 * @template {HTMLElement} Kind
 * @param {string} id
 * @param {new () => Kind} kind
 * @returns {Kind}
 */
function part(id, kind) {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`the page has no ${id}`);
}
