/** The versions of keys, how many objects are known to need each, and the rotation to another one. */
import { h } from "../element.js";
import { count, several, share, time } from "../format.js";
import { badge, dataTable, empty } from "./parts.js";
import { rotationCard } from "./rotation.js";

/**
 * @typedef {object} Keys
 * @property {readonly { readonly provider: string, readonly key_id: string, readonly version: number, readonly state: keyof typeof STATES, readonly check_value?: string, readonly objects?: number, readonly share?: number }[]} versions
 * @property {number} unknown_objects
 * @property {number} other_objects
 * @property {readonly { readonly bucket: string, readonly prefix: string, readonly started_at?: string, readonly objects: number }[]} looked_at
 */

const STATES = /** @type {const} */ ({
  active: ["good", "Active", "wraps new data keys"],
  "by-policy": ["info", "By policy", "wraps where a policy says so"],
  readable: ["idle", "Readable", "opens what it wrapped"],
  retired: ["warn", "Retired", "refused"],
});

/**
 * @param {{ readonly keys: Keys, readonly rotation: import("./rotation.js").RotationStatus | undefined }} data
 * @param {{ readonly nowMs: number, readonly mayRotate: boolean }} shown
 */
export function keysView({ keys, rotation }, { nowMs, mayRotate }) {
  return h(
    "div",
    {},
    h("h2", {}, "Versions"),
    versions(keys),
    notes(keys),
    rotation !== undefined && h("h2", {}, "Rotation"),
    rotation !== undefined && rotationCard({ keys, rotation }, { nowMs, mayRotate }),
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
