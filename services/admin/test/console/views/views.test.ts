import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findAll, textOf } from "../../../src/console/element.js";
import { auditView } from "../../../src/console/views/audit.js";
import { configurationView } from "../../../src/console/views/configuration.js";
import { jobsView } from "../../../src/console/views/jobs.js";
import { keysView } from "../../../src/console/views/keys.js";
import { problemsOf, servicesView } from "../../../src/console/views/services.js";
import { uploadsView } from "../../../src/console/views/uploads.js";

const nowMs = Date.parse("2026-01-02T03:04:05.000Z");
const at = "2026-01-02T03:04:00.000Z";
const rowsOf = (view: ReturnType<typeof keysView>) => findAll(view, "tr").map(textOf);

function service(differences: object = {}) {
  return {
    ...{ id: "1", host: "h", pid: 7, roles: ["edge"], version: "1.0", zone: "", started_at: at },
    ...{ last_seen_at: at, condition: "ready" as const, checks: { kms: "ok" as const } },
    ...{ in_flight: 1, memory_bytes: 1024, cpu_seconds: 1, work: [] },
    ...differences,
  };
}

describe("services", () => {
  it("are in trouble where one is silent, has no answer, or is missing, and not where one has stopped", () => {
    const services = [
      service(),
      service({ condition: "silent" }),
      service({ condition: "not_ready", checks: { kms: "unavailable", nats: "ok" } }),
      service({ condition: "stopped", checks: { kms: "unavailable" } }),
    ];
    assert.deepEqual(problemsOf({ now: at, services, missing_roles: ["keys"] }), [
      "No process with the role keys is heard of.",
      "edge on h is silent: it crashed, or is cut off.",
      "edge on h gets no answer from kms.",
    ]);
  });

  it("say in words what each depends on, and what it means that a role is missing", () => {
    const services = [
      service({ checks: { kms: "unavailable" } }),
      service({ id: "2", checks: {} }),
    ];
    const text = textOf(servicesView({ now: at, services, missing_roles: ["crypto"] }, { nowMs }));
    assert.match(text, /role crypto .* neither be written nor read/);
    assert.match(text, /kms: no answer/);
    assert.match(text, /depends on nothing/);
    const none = servicesView({ now: at, services: [], missing_roles: [] }, { nowMs });
    assert.match(textOf(none), /No process was heard of yet/);
  });
});

describe("keys", () => {
  const version = { provider: "aes", key_id: "aes", check_value: "c1" };
  const keys = {
    versions: [
      { ...version, version: 1, state: "readable" as const, objects: 1, share: 0.25 },
      { ...version, version: 2, state: "active" as const, objects: 3, share: 0.75 },
    ],
    ...{ unknown_objects: 2, other_objects: 1 },
    looked_at: [{ bucket: "photos", prefix: "2026/", started_at: at, objects: 7 }],
  };

  it("have their share of objects, and what is not known of it", () => {
    const view = keysView({ keys, rotation: undefined }, { nowMs, mayRotate: true });
    assert.match(rowsOf(view)[2] ?? "", /^2 .*Active.* 3 75 %$/);
    assert.match(textOf(view), /Of 2 objects it could not be seen/);
    assert.match(textOf(view), /1 object need/);
    assert.match(textOf(view), /photos\/2026\/\*/);
    assert.doesNotMatch(textOf(view), /Rotation/);
  });

  it("say that nobody has counted, and how a rotation stands", () => {
    const [first] = keys.versions;
    assert.ok(first);
    const { objects: _, share: __, ...uncounted } = first;
    const empty = { ...keys, versions: [uncounted], looked_at: [] };
    const rotation = {
      ...{ phase: "draining", current_version: 1, target_version: 2, in_flight_wraps: 4 },
      ...{ started_at: at, error: "denied" },
    };
    const text = textOf(keysView({ keys: empty, rotation }, { nowMs, mayRotate: false }));
    assert.match(text, /not counted/);
    assert.match(text, /Nobody has counted objects yet/);
    assert.match(text, /waited for.* denied .* To version 2 .*Being wrapped 4/);
  });
});

describe("uploads", () => {
  const upload = {
    ...{ upload_id: "u1", bucket: "b", key: "k<script>", encrypted: false },
    ...{ created_at: at, expires_at: "2026-01-03T03:04:05.000Z" },
  };

  it("can be ended where the gateway offers it, each by a button that names it", () => {
    const data = { active_uploads: [upload], count: 1, total: 5 };
    const view = uploadsView(data, { nowMs, mayAbort: true });
    assert.match(textOf(view), /1 upload shown, of 5 under way/);
    const [button] = findAll(view, "button");
    assert.equal(textOf(button ?? ""), "Abort … upload of b/k<script>");
    assert.equal(button?.attributes["data-id"], "u1");
    assert.equal(findAll(uploadsView(data, { nowMs, mayAbort: false }), "button").length, 0);
  });

  it("are said to be none", () => {
    const none = { active_uploads: [], count: 0, total: 0 };
    assert.match(textOf(uploadsView(none, { nowMs, mayAbort: true })), /No multipart upload/);
  });
});

describe("jobs", () => {
  const bucket = { bucket: "a", done: true, counts: { rewrapped: 5 }, reasons: {} };
  const job = {
    ...{ id: "j1", kind: "rewrap", buckets: ["a", "b"], prefix: "", dry_run: true, rate: 10 },
    ...{ started_by: "admin", created_at: at, started_at: at, status: "running" as const },
    progress: [
      bucket,
      { ...bucket, bucket: "b", done: false, counts: { failed: 1 }, reasons: { "failed: x": 1 } },
    ],
  };
  const view = (differences: object = {}) =>
    jobsView({ jobs: [{ ...job, ...differences }] }, { nowMs, maySteer: true });
  const labels = (differences: object) =>
    findAll(view(differences), "button").map((button) => button.children[0]);

  it("say how far they are, by buckets and objects", () => {
    const [bar] = findAll(view(), "progress");
    assert.deepEqual([bar?.attributes.value, bar?.attributes.max], [1, 2]);
    assert.match(textOf(view()), /1 of 2 buckets, 6 objects/);
    assert.match(textOf(view()), /Rewrapped 5 .*Failed 1 .*failed: x: 1/);
    const [open] = findAll(view({ progress: [] }), "progress");
    assert.equal(open?.attributes.value, undefined);
  });

  it("can be held, let go on and ended where that can be", () => {
    assert.deepEqual(labels({}), ["Pause", "Cancel …"]);
    assert.deepEqual(labels({ status: "paused" }), ["Go on", "Cancel …"]);
    for (const status of ["done", "failed", "cancelled"]) assert.deepEqual(labels({ status }), []);
  });

  it("say why they failed, and that there are none", () => {
    assert.match(textOf(view({ status: "failed", error: "keys.denied: no" })), /keys\.denied: no/);
    assert.match(textOf(jobsView({ jobs: [] }, { nowMs, maySteer: true })), /There is no job/);
  });
});

describe("the audit tail", () => {
  const event = {
    ...{ event_id: "e1", timestamp: at, event_type: "encrypt", operation: "PutObject" },
    ...{ bucket: "b", key: "k", access_key: "AK", label: "app", client_ip: "::1", status: 200 },
    ...{ success: true, bytes_in: 2048, bytes_out: 5, duration_ms: 12.5 },
  };
  const shown = { nowMs, filters: {}, isHeld: false };

  it("says what was done, to what, by whom, and how it ended", () => {
    const refused = {
      ...event,
      event_id: "e2",
      success: false,
      status: 403,
      error: "AccessDenied",
    };
    const data = { is_heard: true, omitted: 3, events: [event, refused] };
    const [, first = "", second = ""] = rowsOf(auditView(data, shown));
    assert.match(first, /200 done PutObject encrypt b\/k AK app, ::1 2 KiB in 12\.5 ms$/);
    assert.match(second, /403 AccessDenied/);
    assert.match(textOf(auditView(data, shown)), /3 more events were recorded faster/);
  });

  it("tells apart that nothing was heard, that nothing is there, and that nothing fits", () => {
    const none = { is_heard: true, omitted: 0, events: [] };
    const text = (data: typeof none, filters = {}) =>
      textOf(auditView(data, { ...shown, filters }));
    assert.match(text({ ...none, is_heard: false }), /No event was heard of yet/);
    assert.match(text(none), /No event is remembered/);
    assert.match(text(none, { bucket: "x" }), /No event fits these filters/);
  });
});

describe("the configuration", () => {
  const settings = [
    { name: "log_level", value: "warn", source: "environment" as const, variable: "LOG_LEVEL" },
    { name: "admin.auth.token", value: "[secret]", source: "file" as const },
    { name: "admin.address", value: { host: "127.0.0.1", port: 1 }, source: "default" as const },
    { name: "nats.url", source: "default" as const, variable: "NATS_URL" },
  ];
  const rows = (text: string, isChangedOnly = false) => {
    const search = { text, isChangedOnly };
    const view = configurationView({ roles: ["admin"], settings }, { search });
    return rowsOf(view).filter((row) => !row.startsWith("Setting "));
  };

  it("is shown by sections, secrets as such, what is not set as such", () => {
    const all = rows("");
    assert.equal(all.length, 4);
    assert.ok(all.some((row) => /^admin\.auth\.token .*secret .*file/.test(row)));
    assert.ok(all.some((row) => /^admin\.address 127\.0\.0\.1:1 default/.test(row)));
    assert.ok(all.some((row) => /^nats\.url not set default NATS_URL/.test(row)));
  });

  it("is found by name, variable and value, all words of the search together", () => {
    assert.equal(rows("admin").length, 2);
    assert.equal(rows("admin 127").length, 1);
    assert.equal(rows("nats_url").length, 1);
    assert.equal(rows("", true).length, 2);
    assert.equal(rows("nothing of it").length, 0);
  });
});
