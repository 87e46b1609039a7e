/** How a rotation stands, and its steps: where it goes, whether it is committed or left. */
import { h } from "../element.js";
import { count, span, time } from "../format.js";
import { badge, button, facts } from "./parts.js";

/** @typedef {import("../element.js").Element} Element @typedef {import("./keys.js").Keys} Keys */

/** @typedef {{ readonly phase: string, readonly current_version: number, readonly target_version: number, readonly in_flight_wraps: number, readonly started_at?: string, readonly completed_at?: string, readonly grace_deadline?: string, readonly error?: string }} RotationStatus */

const PHASES = /** @type {const} */ ({
  idle: ["idle", "None"],
  draining: ["warn", "Waiting"],
  ready_for_cutover: ["info", "Ready"],
  committed: ["good", "Committed"],
  aborted: ["idle", "Aborted"],
});

/**
 * How it stands, in words: also for who can't see that it changed.
 * @param {RotationStatus} rotation
 */
export function rotationWords({ phase, target_version, error }) {
  const named = `rotation to version ${target_version}`;
  switch (phase) {
    case "idle":
      return "No rotation was started.";
    case "draining":
      return `The ${named} has started: what was being wrapped before is waited for.`;
    case "ready_for_cutover":
      return `The ${named} is ready: commit it, and the new version wraps from then on.`;
    case "committed":
      return `The last ${named} was committed.`;
    case "aborted":
      return error === undefined
        ? `The last ${named} was aborted.`
        : `The last ${named} failed, and nothing was changed.`;
    default:
      return `The ${named} is in the phase ${phase}.`;
  }
}

/**
 * @param {{ readonly keys: Keys, readonly rotation: RotationStatus }} data
 * @param {{ readonly nowMs: number, readonly mayRotate: boolean }} shown
 * @returns {Element}
 */
export function rotationCard({ keys, rotation }, { nowMs, mayRotate }) {
  const { phase, error } = rotation;
  const isUnderWay = phase === "draining" || phase === "ready_for_cutover";
  const about = factsOf(rotation, nowMs);
  return h(
    "div",
    { class: "card", key: "rotation" },
    h("div", { class: "head" }, h("p", {}, rotationWords(rotation)), phaseBadge(phase, error)),
    error !== undefined && h("p", { class: "problem" }, error),
    about.length > 0 && facts(about),
    mayRotate && (isUnderWay ? steps(rotation) : startForm(keys)),
  );
}

/**
 * @param {string} phase
 * @param {string | undefined} error
 */
function phaseBadge(phase, error) {
  if (error !== undefined) return badge("bad", "Failed");
  const [tone, word] = Object.hasOwn(PHASES, phase)
    ? PHASES[/** @type {keyof typeof PHASES} */ (phase)]
    : /** @type {const} */ (["warn", phase]);
  return badge(tone, word);
}

/**
 * @param {RotationStatus} rotation
 * @param {number} nowMs
 * @returns {(readonly [string, string])[]}
 */
function factsOf(rotation, nowMs) {
  const { phase, current_version, target_version, in_flight_wraps } = rotation;
  const { started_at, completed_at, grace_deadline } = rotation;
  /** @type {(readonly [string, string])[]} */
  const about = [];
  if (phase === "idle") return about;
  about.push(["From version", String(current_version)], ["To version", String(target_version)]);
  if (phase === "draining") about.push(["Being wrapped", count(in_flight_wraps)]);
  if (phase === "draining" && grace_deadline !== undefined) {
    about.push(["Waits at most", span(Date.parse(grace_deadline) - nowMs)]);
  }
  if (started_at !== undefined) about.push(["Started", time(started_at, nowMs)]);
  if (completed_at !== undefined) about.push(["Ended", time(completed_at, nowMs)]);
  return about;
}

/** @param {RotationStatus} rotation */
function steps({ phase, current_version, target_version, in_flight_wraps }) {
  const about = {
    name: `rotation to version ${target_version}`,
    from: String(current_version),
    to: String(target_version),
  };
  const force = phase === "draining" ? "true" : undefined;
  return h(
    "div",
    { class: "buttons" },
    button("commit-rotation", force === undefined ? "Commit …" : "Commit without waiting …", {
      ...{ ...about, force, wraps: count(in_flight_wraps), tone: "danger" },
    }),
    button("abort-rotation", "Abort …", { ...about, tone: "plain" }),
  );
}

/** @param {Keys} keys */
function startForm(keys) {
  const active = keys.versions.find(({ state }) => state === "active");
  if (active === undefined) return null;
  const elsewhere = whyElsewhere(active);
  if (elsewhere !== undefined) return h("p", { class: "hint" }, elsewhere);
  const targets = targetsOf(keys, active);
  if (targets.length === 0) {
    return h(
      "p",
      { class: "hint" },
      "There is no version to rotate to: configure one beside the one that wraps, and restart keys.",
    );
  }
  return h(
    "form",
    {
      ...{ class: "filters rotation", key: "start", "data-do": "start-rotation" },
      ...{ "data-from": String(active.version), "aria-label": "Start a rotation" },
    },
    h(
      "div",
      { class: "field", key: "target" },
      h("label", { for: "rotation-target" }, "New version"),
      h(
        "select",
        { id: "rotation-target", name: "target" },
        ...targets.map((version) =>
          h("option", { key: String(version), value: String(version) }, String(version)),
        ),
      ),
    ),
    h(
      "div",
      { class: "field wide", key: "grace" },
      h("label", { for: "rotation-grace" }, "Grace period"),
      h("input", {
        ...{ id: "rotation-grace", name: "grace", placeholder: "as configured" },
        ...{ autocomplete: "off", spellcheck: "false", "aria-describedby": "rotation-hint" },
      }),
    ),
    h(
      "div",
      { class: "field buttons", key: "buttons" },
      h("button", { type: "submit", class: "primary" }, "Start …"),
    ),
    h(
      "p",
      { id: "rotation-hint", class: "hint", key: "hint" },
      "How long what is being wrapped is waited for, such as 30s or 5m; 0 as long as it takes.",
    ),
  );
}

/** Versions that the key store keeps to itself, and passwords, are not changed here. @param {Keys["versions"][number]} active */
function whyElsewhere({ provider, version }) {
  if (provider === "password") return "A password is changed in the configuration.";
  return version === 0 ? `Keys of ${provider} are rotated in their key store.` : undefined;
}

/**
 * What the gateway would rotate to by itself comes first.
 * @param {Keys} keys
 * @param {Keys["versions"][number]} active
 */
function targetsOf({ versions }, active) {
  const usable = versions.filter(
    ({ provider, version, state }) =>
      provider === active.provider && version !== active.version && state !== "retired",
  );
  return [...new Set(usable.map(({ version }) => version))].toSorted((a, b) => b - a);
}
