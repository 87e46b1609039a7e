import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { type AdminAction, recordAdminAction } from "@s3eg/shared/contracts/audit.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { type DoneAction, openOperatorTrail } from "../src/operator-trail.ts";

const ACTION: DoneAction = {
  requestId: "r-1",
  event: "log_level.changed",
  operation: "PUT /admin/log/level",
  clientIp: "10.0.0.1",
  status: 200,
  wish: { level: "debug" },
};
const LOGIN = {
  ...{ requestId: "r-2", operation: "GET /admin/status", clientIp: "10.0.0.2" },
  ...{ status: 401, error: "Unauthorized" },
};

function setUp({ isAudited = true, audit = async (_: AdminAction) => {} } = {}) {
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line) };
  const log = createLog({ service: "test", level: "info", destination });
  const bus = new MemoryBus({ log });
  const metrics = createMetrics();
  const events: AdminAction[] = [];
  bus.serve(recordAdminAction, async (action) => {
    events.push(action);
    await audit(action);
    return {};
  });
  const trail = openOperatorTrail({ bus, log, metrics, isAudited });
  return { trail, events, lines, metrics };
}

describe("the trail of operators", () => {
  it("has audit write who did what, and how it ended", async () => {
    const { trail, events, lines } = setUp();
    trail.acted(ACTION);
    trail.acted({ ...ACTION, requestId: "r-3", status: 503, error: "ServiceUnavailable" });
    trail.refused(LOGIN);
    await trail[Symbol.asyncDispose]();
    assert.deepEqual(
      events.map(({ timestamp, ...rest }) => [Number.isNaN(Date.parse(timestamp)), rest]),
      [
        { ...ACTION, authentication: "bearer", success: true },
        {
          ...{ ...ACTION, requestId: "r-3", status: 503, error: "ServiceUnavailable" },
          ...{ authentication: "bearer", success: false },
        },
        { ...LOGIN, event: "auth.failure", success: false, count: 1 },
      ].map((event) => [false, event]),
    );
    assert.equal(lines.filter((line) => line.includes("admin action")).length, 2);
  });

  it("tells what is left of refused logins before it closes", async () => {
    const { trail, events } = setUp();
    for (let n = 0; n < 5; n++) trail.refused({ ...LOGIN, requestId: `r-${n}` });
    await trail[Symbol.asyncDispose]();
    assert.deepEqual(
      events.map(({ requestId, count }) => [requestId, count]),
      [
        ["r-0", 1],
        ["r-4", 4],
      ],
    );
  });

  it("fails nobody while audit can't write, and logs and counts what is not in the trail", async () => {
    const away = async () => await Promise.reject(new Fault("limit.busy", "full"));
    const { trail, lines, metrics } = setUp({ audit: away });
    trail.acted(ACTION);
    await trail[Symbol.asyncDispose]();
    const line = lines.find((one) => one.includes("audit event was not written")) ?? "{}";
    const { requestId, event, clientIp } = JSON.parse(line) as Record<string, unknown>;
    assert.deepEqual([requestId, event, clientIp], ["r-1", "log_level.changed", "10.0.0.1"]);
    assert.match(await metrics.text(), /^dropped_audit_events_total 1$/m);
  });

  it("logs, and asks nobody, where nothing is audited", async () => {
    const { trail, events, lines } = setUp({ isAudited: false });
    trail.acted(ACTION);
    trail.refused(LOGIN);
    await trail[Symbol.asyncDispose]();
    assert.deepEqual(events, []);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", /"msg":"admin action"/);
  });
});
