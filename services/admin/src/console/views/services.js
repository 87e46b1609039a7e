/** Every process of the gateway and its dependencies. */
import { h } from "../element.js";
import { ago, bytes, count, share, span } from "../format.js";
import { badge, conditionBadge, empty, facts } from "./parts.js";

/**
 * @typedef {object} Service
 * @property {string} id
 * @property {string} host
 * @property {number} pid
 * @property {readonly string[]} roles
 * @property {string} version
 * @property {string} zone
 * @property {string} started_at
 * @property {string} last_seen_at
 * @property {import("./parts.js").Condition} condition
 * @property {Readonly<Record<string, "ok" | "unavailable">>} checks
 * @property {number} in_flight
 * @property {number} memory_bytes
 * @property {number} cpu_seconds
 * @property {readonly { readonly role: string, readonly requests: number, readonly refusals: number, readonly errors: number }[]} work
 */

/** @typedef {{ readonly now: string, readonly services: readonly Service[], readonly missing_roles: readonly string[] }} Services */

/** @param {Service} service */
export function isAlive({ condition }) {
  return condition !== "stopped" && condition !== "silent";
}

/**
 * What is wrong, in sentences.
 * @param {Services} services
 */
export function problemsOf({ services, missing_roles }) {
  const missing = missing_roles.map((role) => `No process with the role ${role} is heard of.`);
  const own = services.flatMap(({ roles, host, condition, checks }) => {
    const name = `${roles.join(", ")} on ${host}`;
    if (condition === "silent") return [`${name} is silent: it crashed, or is cut off.`];
    const failing = Object.keys(checks).filter((check) => checks[check] !== "ok");
    if (condition === "stopped" || failing.length === 0) return [];
    return [`${name} gets no answer from ${failing.join(", ")}.`];
  });
  return [...missing, ...own];
}

/**
 * @param {Services} data
 * @param {{ readonly nowMs: number }} shown
 */
export function servicesView(data, { nowMs }) {
  const { services, missing_roles } = data;
  return h(
    "div",
    {},
    ...missing_roles.map((role) =>
      h(
        "div",
        { class: "verdict bad", key: `missing ${role}` },
        h("p", { class: "strong" }, `No process with the role ${role} is heard of.`),
        h("p", {}, MISSING[role] ?? ""),
      ),
    ),
    services.length === 0
      ? empty("No process was heard of yet.", "They announce themselves every two seconds.")
      : h("ul", { class: "cards" }, ...services.map((service) => card(service, nowMs))),
  );
}

/** @type {Readonly<Record<string, string | undefined>>} */
const MISSING = {
  edge: "Clients are answered by nobody.",
  crypto: "Objects can neither be written nor read.",
  keys: "No data key can be issued or unwrapped.",
  audit: "Nothing is recorded, or audit has no SERVICE_SECRET to prove itself with.",
};

/**
 * @param {Service} service
 * @param {number} nowMs
 */
function card(service, nowMs) {
  const { id, host, pid, roles, version, zone, started_at, last_seen_at, condition } = service;
  const upMs = nowMs - Date.parse(started_at);
  const cpu = upMs > 0 ? service.cpu_seconds / (upMs / 1000) : null;
  return h(
    "li",
    { class: "card", key: id },
    h("div", { class: "head" }, h("h2", {}, roles.join(", ")), conditionBadge(condition)),
    h("p", { class: "muted" }, `${host}, process ${pid}${zone === "" ? "" : `, zone ${zone}`}`),
    checksOf(service),
    facts([
      ["Version", version],
      ["Up for", span(upMs)],
      ["Last heard", ago(last_seen_at, nowMs)],
      ["Memory", bytes(service.memory_bytes)],
      ["CPU, on average", `${share(cpu)} of a core`],
      ...service.work.map(
        ({ role, requests, refusals, errors }) =>
          /** @type {const} */ ([
            WORK[role] ?? role,
            `${count(requests)}, ${count(refusals)} refused, ${count(errors)} failed`,
          ]),
      ),
    ]),
  );
}

/** @type {Readonly<Record<string, string | undefined>>} */
const WORK = { edge: "Requests", crypto: "Transfers", keys: "Key operations" };

/** @param {Service} service */
function checksOf({ checks }) {
  const names = Object.keys(checks);
  if (names.length === 0) return h("p", { class: "muted" }, "It depends on nothing.");
  return h(
    "ul",
    { class: "checks", "aria-label": "Dependencies" },
    ...names.map((name) =>
      h(
        "li",
        { key: name },
        checks[name] === "ok" ? badge("good", name) : badge("bad", `${name}: no answer`),
        checks[name] === "ok" && h("span", { class: "hidden" }, " answers"),
      ),
    ),
  );
}
