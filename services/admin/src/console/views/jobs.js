/** Jobs on whole buckets: how far they are, and how to hold or end them. */
import { h } from "../element.js";
import { count, perSecond, several, span, time } from "../format.js";
import { badge, button, empty, facts } from "./parts.js";

/**
 * @typedef {object} Job
 * @property {string} id
 * @property {string} kind
 * @property {readonly string[]} buckets
 * @property {string} prefix
 * @property {boolean} dry_run
 * @property {number} rate
 * @property {string} started_by
 * @property {"waiting" | "running" | "paused" | "done" | "failed" | "cancelled"} status
 * @property {string} created_at
 * @property {string} [started_at]
 * @property {string} [ended_at]
 * @property {string} [runner]
 * @property {string} [error]
 * @property {readonly { readonly bucket: string, readonly done: boolean, readonly counts: Readonly<Record<string, number>>, readonly reasons: Readonly<Record<string, number>> }[]} progress
 */

/** @typedef {"pause" | "resume" | "cancel"} JobAction */

const STATUS = /** @type {const} */ ({
  waiting: ["idle", "Waiting"],
  running: ["info", "Running"],
  paused: ["warn", "Paused"],
  done: ["good", "Done"],
  failed: ["bad", "Failed"],
  cancelled: ["idle", "Cancelled"],
});

/** @type {Readonly<Record<string, string | undefined>>} */
const KINDS = {
  rewrap: "Re-wrap under the key that writes",
  "seal-existing": "Seal what lies there as it is",
  unseal: "Open, and leave it as plaintext",
  verify: "Open everything, and tell what does not open",
};

/**
 * @param {{ readonly jobs: readonly Job[] }} data
 * @param {{ readonly nowMs: number, readonly maySteer: boolean }} shown
 */
export function jobsView({ jobs }, { nowMs, maySteer }) {
  if (jobs.length === 0) {
    return empty(
      "There is no job.",
      "Jobs are begun with s3eg jobs start, or over the admin API; what s3eg rewrap and its like do by themselves is not seen here.",
    );
  }
  return h("ul", { class: "cards wide" }, ...jobs.map((job) => card(job, { nowMs, maySteer })));
}

/**
 * @param {Job} job
 * @param {{ readonly nowMs: number, readonly maySteer: boolean }} shown
 */
function card(job, { nowMs, maySteer }) {
  const { id, kind, status, dry_run, error } = job;
  const [tone, word] = STATUS[status];
  return h(
    "li",
    { class: "card", key: id },
    h(
      "div",
      { class: "head" },
      h("h2", {}, KINDS[kind] ?? kind),
      h("span", { class: "badges" }, dry_run && badge("idle", "Dry run"), badge(tone, word)),
    ),
    h("p", { class: "mono wrap" }, placesOf(job)),
    progressBar(job),
    error !== undefined && h("p", { class: "problem" }, error),
    facts(factsOf(job, nowMs)),
    reasonsOf(job),
    maySteer && steering(job),
  );
}

/** @param {Pick<Job, "buckets" | "prefix">} job */
function placesOf({ buckets, prefix }) {
  return buckets.map((bucket) => (prefix === "" ? bucket : `${bucket}/${prefix}*`)).join(", ");
}

/** How many objects there are in the end is not known beforehand: buckets are what can be counted. @param {Job} job */
function progressBar({ id, buckets, status, progress }) {
  const done = progress.filter((bucket) => bucket.done).length;
  const objects = sum(progress.flatMap(({ counts }) => Object.values(counts)));
  const isOpenEnded = status === "running" && done === 0;
  const label = `${done} of ${several(buckets.length, "bucket")}, ${several(objects, "object")}`;
  return h(
    "div",
    { class: "progress" },
    h("label", { for: `progress-${id}` }, label),
    h("progress", {
      id: `progress-${id}`,
      max: buckets.length,
      value: isOpenEnded ? undefined : status === "done" ? buckets.length : done,
    }),
  );
}

/**
 * @param {Job} job
 * @param {number} nowMs
 * @returns {(readonly [string, string])[]}
 */
function factsOf(job, nowMs) {
  const { created_at, started_at, ended_at, started_by, runner, rate, progress } = job;
  const until = ended_at === undefined ? nowMs : Date.parse(ended_at);
  const counts = totals(progress.map((bucket) => bucket.counts));
  return [
    ["Asked for", time(created_at, nowMs)],
    ["By", started_by],
    ["At most", perSecond(rate)],
    ...(started_at === undefined
      ? []
      : [/** @type {const} */ (["Took", spanOf(until - Date.parse(started_at))])]),
    ...(runner === undefined ? [] : [/** @type {const} */ (["Run by", runner])]),
    ...Object.entries(counts).map(
      ([name, amount]) => /** @type {const} */ ([capital(name), count(amount)]),
    ),
  ];
}

/** @param {number} milliseconds */
function spanOf(milliseconds) {
  return milliseconds < 1000 ? "less than a second" : span(milliseconds);
}

/** @param {Job} job */
function reasonsOf({ id, progress }) {
  const reasons = Object.entries(totals(progress.map((bucket) => bucket.reasons)));
  if (reasons.length === 0) return null;
  return h(
    "details",
    { key: `reasons-${id}` },
    h("summary", {}, "Why objects were left, or failed"),
    h(
      "ul",
      { class: "reasons" },
      ...reasons.map(([reason, amount]) => h("li", { key: reason }, `${reason}: ${count(amount)}`)),
    ),
  );
}

/** @param {Job} job */
function steering(job) {
  const actions = ACTIONS[job.status];
  if (actions.length === 0) return null;
  const about = { id: job.id, name: `${job.kind} of ${placesOf(job)}` };
  return h(
    "div",
    { class: "buttons" },
    ...actions.map((action) =>
      button("steer-job", LABELS[action], {
        ...about,
        action,
        tone: action === "cancel" ? "danger" : "plain",
      }),
    ),
  );
}

/** @type {Readonly<Record<Job["status"], readonly JobAction[]>>} */
const ACTIONS = {
  waiting: ["pause", "cancel"],
  running: ["pause", "cancel"],
  paused: ["resume", "cancel"],
  done: [],
  failed: [],
  cancelled: [],
};

/** @type {Readonly<Record<JobAction, string>>} */
const LABELS = { pause: "Pause", resume: "Go on", cancel: "Cancel …" };

/** @param {readonly Readonly<Record<string, number>>[]} tables */
function totals(tables) {
  /** @type {Record<string, number>} */
  const all = {};
  for (const [name, amount] of tables.flatMap((table) => Object.entries(table))) {
    all[name] = (all[name] ?? 0) + amount;
  }
  return all;
}

/** @param {readonly number[]} amounts */
function sum(amounts) {
  return amounts.reduce((total, amount) => total + amount, 0);
}

/** @param {string} word */
function capital(word) {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
