/** The first view: is all well, and what goes on. */
import { chart } from "../chart.js";
import { h } from "../element.js";
import { ago, bytes, count, perSecond, rate, seconds, several } from "../format.js";
import { conditionBadge, dataTable, empty } from "./parts.js";
import { isAlive, problemsOf } from "./services.js";

/** @typedef {import("./services.js").Services} Services */

/**
 * @typedef {Readonly<Record<"requests" | "refusals" | "errors" | "bytes_in" | "bytes_out" | "p50" | "p95" | "p99", readonly (number | null)[]>>} Columns
 * @typedef {{ readonly at: readonly string[], readonly in_flight: readonly number[], readonly memory_bytes: readonly number[], readonly roles: Readonly<Record<string, Columns>> }} Series
 */

/**
 * @param {{ readonly services: Services, readonly series: Series }} data
 * @param {{ readonly nowMs: number, readonly pointedAt: number | undefined }} shown
 */
export function overview({ services, series }, { nowMs, pointedAt }) {
  return h(
    "div",
    {},
    verdict(services),
    tiles(series),
    h("h2", {}, "The last 15 minutes"),
    plots(series, pointedAt),
    h("h2", {}, "Services"),
    servicesTable(services, nowMs),
  );
}

/** @param {Services} services */
function verdict(services) {
  const problems = problemsOf(services);
  const alive = services.services.filter(isAlive).length;
  if (problems.length === 0) {
    return h(
      "div",
      { class: "verdict good" },
      h("p", { class: "strong" }, "All is well."),
      h(
        "p",
        {},
        `${several(alive, "process", "processes")} heard of, and every dependency answers.`,
      ),
    );
  }
  return h(
    "div",
    { class: "verdict bad" },
    h("p", { class: "strong" }, `${several(problems.length, "problem")}.`),
    h("ul", {}, ...problems.map((problem) => h("li", { key: problem }, problem))),
  );
}

/** @param {Series} series */
function tiles({ roles, in_flight, memory_bytes }) {
  const { edge } = roles;
  const latest = (/** @type {keyof Columns} */ name) => lastKnown(edge?.[name]);
  return h(
    "dl",
    { class: "tiles" },
    ...[
      ["Requests", perSecond(latest("requests")), "answered to clients"],
      ["Failed", perSecond(latest("errors")), "with a 5xx answer"],
      ["Duration", seconds(latest("p95")), "95 % are faster"],
      ["Taken in", rate(latest("bytes_in")), "bodies from clients"],
      ["Given out", rate(latest("bytes_out")), "bodies to clients"],
      ["Connections", count(in_flight.at(-1) ?? null), "of clients now"],
      ["Memory", bytes(memory_bytes.at(-1) ?? null), "of all processes"],
    ].map(([name, value, hint]) =>
      h(
        "div",
        { class: "tile", key: name },
        h("dt", {}, name ?? ""),
        h(
          "dd",
          {},
          h("span", { class: "value" }, value ?? ""),
          h("span", { class: "hint" }, hint ?? ""),
        ),
      ),
    ),
  );
}

/** @param {readonly (number | null)[] | undefined} values */
function lastKnown(values = []) {
  return values.slice(-3).findLast((value) => value !== null) ?? null;
}

/**
 * @param {Series} series
 * @param {number | undefined} pointedAt
 */
function plots({ at, roles, memory_bytes }, pointedAt) {
  const { edge, keys } = roles;
  const common = { at, pointedAt };
  return h(
    "div",
    { class: "charts" },
    chart({
      ...common,
      id: "requests",
      title: "Requests",
      hint: "Answered per second: all, refused (4xx), failed (5xx).",
      floor: 1,
      format: perSecond,
      lines: [
        { label: "All", values: edge?.requests ?? [] },
        { label: "Refused", values: edge?.refusals ?? [] },
        { label: "Failed", values: edge?.errors ?? [] },
      ],
    }),
    chart({
      ...common,
      id: "throughput",
      title: "Throughput",
      hint: "Bytes of bodies per second.",
      floor: 1024,
      isBinary: true,
      format: rate,
      lines: [
        { label: "In", values: edge?.bytes_in ?? [] },
        { label: "Out", values: edge?.bytes_out ?? [] },
      ],
    }),
    chart({
      ...common,
      id: "latency",
      title: "Duration of requests",
      hint: "From a request's head to the end of its answer, bodies included.",
      floor: 0.01,
      format: seconds,
      lines: [
        { label: "99 % within", values: edge?.p99 ?? [] },
        { label: "95 % within", values: edge?.p95 ?? [] },
        { label: "Half within", values: edge?.p50 ?? [] },
      ],
    }),
    chart({
      ...common,
      id: "keys",
      title: "Key operations",
      hint: "Data keys issued and unwrapped per second, and those that failed.",
      floor: 1,
      format: perSecond,
      lines: [
        { label: "All", values: keys?.requests ?? [] },
        { label: "Failed", values: keys?.errors ?? [] },
      ],
    }),
    chart({
      ...common,
      id: "key-latency",
      title: "Duration of key operations",
      hint: "The key store included.",
      floor: 0.001,
      format: seconds,
      lines: [
        { label: "99 % within", values: keys?.p99 ?? [] },
        { label: "Half within", values: keys?.p50 ?? [] },
      ],
    }),
    chart({
      ...common,
      id: "memory",
      title: "Memory",
      hint: "Held by all processes together.",
      floor: 1024 * 1024,
      isBinary: true,
      format: bytes,
      lines: [{ label: "Resident", values: memory_bytes }],
    }),
  );
}

/**
 * @param {Services} services
 * @param {number} nowMs
 */
function servicesTable({ services }, nowMs) {
  if (services.length === 0) {
    return empty("No process was heard of yet.", "They announce themselves every two seconds.");
  }
  return dataTable({
    caption: "Services",
    head: ["Service", "Condition", "Dependencies", "Version", "Last heard"],
    rows: services.map(({ id, roles, host, condition, checks, version, last_seen_at }) => {
      const failing = Object.keys(checks).filter((name) => checks[name] !== "ok");
      const fine = Object.keys(checks).length - failing.length;
      return {
        key: id,
        cells: [
          h("span", {}, roles.join(", "), h("span", { class: "muted block" }, host)),
          conditionBadge(condition),
          failing.length === 0
            ? `${fine} of ${fine} answer`
            : `no answer from ${failing.join(", ")}`,
          version,
          ago(last_seen_at, nowMs),
        ],
      };
    }),
  });
}
