import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openAdmission } from "../../src/runtime/measured-admission.ts";
import { createMetrics } from "../../src/runtime/metrics.ts";

const onWait = () => 1;

describe("a measured admission", () => {
  it("tells what is reserved, who waits and who was turned away", async () => {
    const metrics = createMetrics();
    const limits = { maxBytes: 100, maxRequests: 1, maxWaitingBytes: 1, maxWaitMs: 60_000 };
    const admission = openAdmission(limits, metrics);
    const place = await admission.enter({ client: "a", bytes: 30, onWait });
    const waiting = admission.enter({ client: "b", bytes: 40, onWait });
    await assert.rejects(admission.enter({ client: "b", bytes: 1, onWait }), {
      code: "limit.busy",
    });
    const full = await metrics.text();
    for (const line of [
      "limit_bytes 100",
      "bytes 30",
      "requests 1",
      "waiting_requests 1",
      "refused_requests_total 1",
      "wait_seconds_count 2",
    ]) {
      assert.ok(full.includes(`\ngateway_admission_${line}\n`), line);
    }
    place[Symbol.dispose]();
    (await waiting)[Symbol.dispose]();
    const empty = await metrics.text();
    for (const line of ["bytes 0", "requests 0", "waiting_requests 0", "wait_seconds_count 3"]) {
      assert.ok(empty.includes(`\ngateway_admission_${line}\n`), line);
    }
  });
});
