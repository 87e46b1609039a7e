/** The tail of the audit trail, with filters. */
import { h } from "../element.js";
import { bytes, seconds, several, time } from "../format.js";
import { badge, dataTable, empty } from "./parts.js";

/** @typedef {{ readonly event_id: string, readonly timestamp: string, readonly event_type: string, readonly operation: string, readonly bucket?: string, readonly key?: string, readonly client_ip?: string, readonly access_key?: string, readonly label?: string, readonly status?: number, readonly success: boolean, readonly error?: string, readonly bytes_in?: number, readonly bytes_out?: number, readonly duration_ms?: number }} AuditEvent */
/** @typedef {{ readonly is_heard: boolean, readonly omitted: number, readonly events: readonly AuditEvent[] }} Tail */
/** @typedef {Readonly<Partial<Record<"operation" | "bucket" | "result" | "access_key", string>>>} Filters */

/**
 * @param {Tail} data
 * @param {{ readonly nowMs: number, readonly filters: Filters, readonly isHeld: boolean }} shown
 */
export function auditView(data, { nowMs, filters, isHeld }) {
  return h(
    "div",
    {},
    filterForm(filters, isHeld),
    h("div", { key: "events" }, ...found(data, filters, nowMs)),
  );
}

/**
 * @param {Filters} filters
 * @param {boolean} isHeld
 */
function filterForm(filters, isHeld) {
  const field = (
    /** @type {keyof Filters} */ name,
    /** @type {string} */ label,
    /** @type {string} */ hint,
  ) =>
    h(
      "div",
      { class: "field", key: name },
      h("label", { for: `filter-${name}` }, label),
      h("input", {
        id: `filter-${name}`,
        name,
        value: filters[name] ?? "",
        placeholder: hint,
        autocomplete: "off",
        spellcheck: "false",
      }),
    );
  return h(
    "form",
    { class: "card filters", "data-do": "filter-audit", "aria-label": "Filters" },
    field("operation", "Operation", "PutObject"),
    field("bucket", "Bucket", "any"),
    h(
      "div",
      { class: "field", key: "result" },
      h("label", { for: "filter-result" }, "Result"),
      h(
        "select",
        { id: "filter-result", name: "result" },
        h("option", { value: "" }, "Any"),
        h("option", { value: "success" }, "Succeeded"),
        h("option", { value: "failure" }, "Failed or refused"),
      ),
    ),
    field("access_key", "Access key or label", "any"),
    h(
      "div",
      { class: "field buttons", key: "buttons" },
      h("button", { type: "submit", class: "primary" }, "Filter"),
      h("button", { type: "button", class: "plain", "data-do": "clear-audit" }, "Clear"),
      h(
        "button",
        { type: "button", class: "plain", "data-do": "hold-audit", "aria-pressed": String(isHeld) },
        "Hold still",
      ),
    ),
  );
}

/**
 * @param {Tail} data
 * @param {Filters} filters
 * @param {number} nowMs
 */
function found({ is_heard, omitted, events }, filters, nowMs) {
  if (!is_heard) {
    return [
      empty(
        "No event was heard of yet.",
        "Audit tells of what it records while this process runs; audit.enabled must be on.",
      ),
    ];
  }
  const hasFilter = Object.values(filters).some((value) => value !== "");
  if (events.length === 0) {
    return [
      hasFilter
        ? empty("No event fits these filters.", "Only the last 2000 events are remembered here.")
        : empty("No event is remembered."),
    ];
  }
  return [
    h("p", { class: "lead" }, `${several(events.length, "event")}, newest first.`),
    omitted > 0 &&
      h(
        "p",
        { class: "note" },
        `${several(omitted, "more event was", "more events were")} recorded faster than they are shown here; the trail itself has all of them.`,
      ),
    eventTable(events, nowMs),
  ].filter((child) => child !== false);
}

/**
 * @param {readonly AuditEvent[]} events
 * @param {number} nowMs
 */
function eventTable(events, nowMs) {
  return dataTable({
    caption: "Recorded events",
    isDense: true,
    head: [
      ...["Time", "Result", "Operation", "Object", "By"],
      { title: "Bytes", isNumber: true },
      { title: "Took", isNumber: true },
    ],
    rows: events.map((event) => ({
      key: event.event_id,
      cells: [
        time(event.timestamp, nowMs),
        resultOf(event),
        h(
          "span",
          {},
          event.operation,
          event.event_type !== event.operation &&
            h("span", { class: "muted block" }, event.event_type),
        ),
        h("span", { class: "mono wrap" }, objectOf(event)),
        h(
          "span",
          {},
          h("span", { class: "mono" }, event.access_key ?? "–"),
          h("span", { class: "muted block" }, whoOf(event)),
        ),
        bytesOf(event),
        seconds(event.duration_ms === undefined ? null : event.duration_ms / 1000),
      ],
    })),
  });
}

/** @param {AuditEvent} event */
function resultOf({ success, status, error }) {
  const code = status === undefined ? "" : `${status} `;
  return success ? badge("good", `${code}done`) : badge("bad", `${code}${error ?? "failed"}`);
}

/** @param {AuditEvent} event */
function whoOf({ label, client_ip }) {
  return [label, client_ip].filter((one) => one !== undefined).join(", ");
}

/** The direction that most of them went. @param {AuditEvent} event */
function bytesOf({ bytes_in = 0, bytes_out = 0 }) {
  if (bytes_in === 0 && bytes_out === 0) return h("span", { class: "muted" }, "–");
  return bytes_in > bytes_out ? `${bytes(bytes_in)} in` : `${bytes(bytes_out)} out`;
}

/** @param {AuditEvent} event */
function objectOf({ bucket, key }) {
  if (bucket === undefined || bucket === "") return "–";
  return key === undefined || key === "" ? bucket : `${bucket}/${key}`;
}
