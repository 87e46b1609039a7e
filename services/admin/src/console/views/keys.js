/** The versions of keys, and how many objects are known to need each. */
import { h } from "../element.js";
import { count, several, share, time } from "../format.js";
import { badge, dataTable, empty, facts } from "./parts.js";

/**
 * @typedef {object} Keys
 * @property {readonly { readonly provider: string, readonly key_id: string, readonly version: number, readonly state: keyof typeof STATES, readonly check_value?: string, readonly objects?: number, readonly share?: number }[]} versions
 * @property {number} unknown_objects
 * @property {number} other_objects
 * @property {readonly { readonly bucket: string, readonly prefix: string, readonly started_at?: string, readonly objects: number }[]} looked_at
 */

/** @typedef {{ readonly phase: string, readonly current_version: number, readonly target_version: number, readonly in_flight_wraps: number, readonly started_at?: string, readonly completed_at?: string, readonly error?: string }} RotationStatus */

const STATES = /** @type {const} */ ({
  active: ["good", "Active", "wraps new data keys"],
  "by-policy": ["info", "By policy", "wraps where a policy says so"],
  readable: ["idle", "Readable", "opens what it wrapped"],
  retired: ["warn", "Retired", "refused"],
});

/**
 * @param {{ readonly keys: Keys, readonly rotation: RotationStatus | undefined }} data
 * @param {{ readonly nowMs: number }} shown
 */
export function keysView({ keys, rotation }, { nowMs }) {
  return h(
    "div",
    {},
    h("h2", {}, "Versions"),
    versions(keys),
    notes(keys),
    rotation !== undefined && h("h2", {}, "Rotation"),
    rotation !== undefined && rotationCard(rotation, nowMs),
    h("h2", {}, "What was counted"),
    looks(keys, nowMs),
  );
}

/** @param {Keys} keys */
function versions({ versions: all }) {
  if (all.length === 0) return empty("No key is configured.");
  return dataTable({
    caption: "Versions of keys",
    head: [
      "Version",
      "State",
      "Provider",
      "Key id",
      "Check value",
      { title: "Objects", isNumber: true },
      "Share of objects",
    ],
    rows: all.map((version) => ({
      key: `${version.provider} ${version.key_id} ${version.version}`,
      cells: [
        h("strong", {}, String(version.version)),
        stateOf(version.state),
        version.provider,
        h("span", { class: "mono" }, version.key_id),
        h("span", { class: "mono" }, version.check_value ?? "–"),
        count(version.objects),
        shareBar(version.share),
      ],
    })),
  });
}

/** @param {keyof typeof STATES} state */
function stateOf(state) {
  const [tone, word, meaning] = STATES[state];
  return h("span", {}, badge(tone, word), h("span", { class: "muted block" }, meaning));
}

/** @param {number | undefined} value */
function shareBar(value) {
  if (value === undefined) return h("span", { class: "muted" }, "not counted");
  return h(
    "span",
    { class: "share" },
    h(
      "svg",
      { "aria-hidden": "true", viewBox: "0 0 100 8", preserveAspectRatio: "none" },
      h("rect", { class: "track", width: 100, height: 8 }),
      h("rect", { class: "bar", width: Number((value * 100).toFixed(2)), height: 8 }),
    ),
    share(value),
  );
}

/** @param {Keys} keys */
function notes({ unknown_objects, other_objects }) {
  return h(
    "div",
    {},
    unknown_objects > 0 &&
      h(
        "p",
        { class: "note" },
        `Of ${several(unknown_objects, "object")} it could not be seen which key they need.`,
      ),
    other_objects > 0 &&
      h(
        "p",
        { class: "note" },
        `${several(other_objects, "object")} need a version that is not configured here.`,
      ),
  );
}

const PHASES = /** @type {Readonly<Record<string, string | undefined>>} */ ({
  idle: "No rotation was started.",
  draining: "Started: what was being wrapped before is waited for.",
  ready_for_cutover: "Ready: commit it, and the new version wraps from then on.",
  committed: "The last rotation was committed.",
  aborted: "The last rotation was aborted.",
});

/**
 * @param {RotationStatus} rotation
 * @param {number} nowMs
 */
function rotationCard(rotation, nowMs) {
  const { phase, current_version, target_version, in_flight_wraps, started_at, error } = rotation;
  const about = /** @type {(readonly [string, string])[]} */ ([]);
  if (phase !== "idle") {
    about.push(["From version", String(current_version)], ["To version", String(target_version)]);
  }
  if (phase === "draining") about.push(["Being wrapped", count(in_flight_wraps)]);
  if (started_at !== undefined) about.push(["Started", time(started_at, nowMs)]);
  if (error !== undefined) about.push(["Failed because", error]);
  return h(
    "div",
    { class: "card" },
    h("p", {}, PHASES[phase] ?? phase),
    about.length > 0 && facts(about),
  );
}

/**
 * @param {Keys} keys
 * @param {number} nowMs
 */
function looks({ looked_at }, nowMs) {
  if (looked_at.length === 0) {
    return empty(
      "Nobody has counted objects yet.",
      "A re-wrap counts which version every object of a bucket needs, also one that changes nothing: s3eg rewrap --dry-run BUCKET.",
    );
  }
  return dataTable({
    caption: "What was counted",
    head: ["Bucket", "When", { title: "Objects", isNumber: true }],
    rows: looked_at.map(({ bucket, prefix, started_at, objects }) => ({
      key: `${bucket}/${prefix}`,
      cells: [
        h("span", { class: "mono" }, prefix === "" ? bucket : `${bucket}/${prefix}*`),
        started_at === undefined ? "–" : time(started_at, nowMs),
        count(objects),
      ],
    })),
  });
}
