/** The views of the console: where they are, what they ask for, and how often. */

/** @typedef {"overview" | "services" | "keys" | "uploads" | "jobs" | "audit" | "configuration"} ViewName */

/**
 * @typedef {object} Route
 * @property {ViewName} name
 * @property {string} title
 * @property {string} lead
 * @property {readonly string[]} needs Paths that are read for it; without the first there is no such view.
 * @property {number} everyMs Milliseconds between two looks.
 */

/** @type {readonly Route[]} */
export const ROUTES = [
  {
    name: "overview",
    title: "Overview",
    lead: "Is all well, and what goes on.",
    needs: ["/admin/services", "/admin/series"],
    everyMs: 5000,
  },
  {
    name: "services",
    title: "Services",
    lead: "Every process that announces itself, and what it depends on.",
    needs: ["/admin/services"],
    everyMs: 5000,
  },
  {
    name: "keys",
    title: "Keys",
    lead: "Versions of the keys that wrap data keys. Keys themselves are never shown.",
    needs: ["/admin/keys", "/admin/kms/rotate/status"],
    everyMs: 10_000,
  },
  {
    name: "uploads",
    title: "Uploads",
    lead: "Multipart uploads that clients have begun and not ended.",
    needs: ["/admin/mpu/list"],
    everyMs: 10_000,
  },
  {
    name: "jobs",
    title: "Jobs",
    lead: "Work on whole buckets: re-wrapping, sealing, opening, verifying.",
    needs: ["/admin/jobs"],
    everyMs: 5000,
  },
  {
    name: "audit",
    title: "Audit",
    lead: "The last events that were recorded. The trail itself is with its sink.",
    needs: ["/admin/audit/tail"],
    everyMs: 5000,
  },
  {
    name: "configuration",
    title: "Configuration",
    lead: "The settings in force, and where each comes from.",
    needs: ["/admin/config"],
    everyMs: 60_000,
  },
];

/**
 * The view that the address names: `#/keys`. The first one where it names none.
 * @param {string} hash
 * @param {readonly Route[]} offered
 */
export function routeOf(hash, offered) {
  const name = /^#\/([a-z]+)/.exec(hash)?.[1];
  return offered.find((route) => route.name === name) ?? offered[0];
}

/**
 * The views that this gateway has something to show in.
 * @param {Pick<import("./api.js").Api, "has">} api
 */
export function offeredBy(api) {
  return ROUTES.filter(({ needs }) => needs[0] !== undefined && api.has("GET", needs[0]));
}
