import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lostExchange } from "../../src/backend/carrier.ts";
import {
  attemptsOf,
  backoffMs,
  type Replayable,
  RetryBudget,
  type RetryPolicy,
  retryAfterMs,
  retryReasonOfError,
  retryReasonOfStatus,
} from "../../src/backend/retry.ts";
import { Fault } from "../../src/faults.ts";

const GET: Replayable = { method: "GET", isStreamed: false, isConditional: false };
const PUT: Replayable = { ...GET, method: "PUT" };
const STREAM: Replayable = { ...PUT, isStreamed: true };
const POST: Replayable = { ...GET, method: "POST" };
const POLICY: RetryPolicy = {
  maxAttempts: 3,
  initialBackoffMs: 100,
  maxBackoffMs: 1000,
  jitter: "full",
};

describe("attemptsOf", () => {
  const copy = {
    method: "PUT",
    bucket: "b",
    key: "k",
    headers: { "x-amz-copy-source": "/b/other" },
  };

  it("are those of the operation, else those of every request", () => {
    const policy = { ...POLICY, perOperation: { GetObject: 7, CopyObject: 2 } };
    assert.equal(attemptsOf(policy, { method: "GET", bucket: "b", key: "k" }), 7);
    assert.equal(attemptsOf(policy, copy), 2);
    assert.equal(attemptsOf(policy, { method: "HEAD", bucket: "b", key: "k" }), 3);
    assert.equal(attemptsOf(policy, { method: "PUT", bucket: "b", query: [["cors", ""]] }), 3);
  });

  it("is one for copies where those are not repeated", () => {
    assert.equal(attemptsOf(POLICY, copy), 3);
    const policy = { ...POLICY, repeatsCopies: false, perOperation: { CopyObject: 5 } };
    assert.equal(attemptsOf(policy, copy), 1);
    assert.equal(attemptsOf(policy, { method: "PUT", bucket: "b", key: "k" }), 3);
  });
});

describe("retryReasonOfStatus", () => {
  it("repeats what the server says is temporary, if the request can be repeated", () => {
    for (const [status, reason] of [
      [429, "throttle_429"],
      [500, "internal_500"],
      [502, "throttle_503"],
      [503, "throttle_503"],
      [504, "throttle_503"],
      [200, undefined],
      [404, undefined],
      [412, undefined],
      [501, undefined],
    ] as const) {
      assert.equal(retryReasonOfStatus(GET, status), reason);
      assert.equal(retryReasonOfStatus(PUT, status), reason);
      const isUndone = status === 429 || status === 503;
      const conditional = retryReasonOfStatus({ ...PUT, isConditional: true }, status);
      assert.equal(conditional, isUndone ? reason : undefined);
      assert.equal(retryReasonOfStatus(STREAM, status), undefined);
      assert.equal(retryReasonOfStatus(POST, status), undefined);
    }
  });
});

describe("retryReasonOfError", () => {
  const connect = lostExchange("connect", "x");
  const staleReset = lostExchange("reset", "x", { isReused: true });

  it("repeats anything that could not even connect", () => {
    for (const request of [GET, PUT, STREAM, POST]) {
      assert.equal(retryReasonOfError(request, connect), "connect");
    }
  });

  it("repeats after a reset of a kept connection only what does no harm twice", () => {
    assert.equal(retryReasonOfError(GET, staleReset), "conn_reset");
    assert.equal(retryReasonOfError({ ...GET, isConditional: true }, staleReset), "conn_reset");
    assert.equal(retryReasonOfError(PUT, staleReset), "conn_reset");
    assert.equal(retryReasonOfError({ ...PUT, isConditional: true }, staleReset), undefined);
    assert.equal(retryReasonOfError(STREAM, staleReset), undefined);
    assert.equal(retryReasonOfError(POST, staleReset), undefined);
  });

  it("repeats nothing else", () => {
    for (const error of [
      lostExchange("reset", "x", { isReused: false }),
      lostExchange("answer", "x", { isReused: true }),
      lostExchange("stalled", "x"),
      new Fault("limit.busy", "x"),
      new Error("x"),
    ]) {
      assert.equal(retryReasonOfError(GET, error), undefined);
    }
  });
});

describe("backoffMs", () => {
  it("doubles up to the maximum, with jitter as configured", () => {
    const at = (jitter: RetryPolicy["jitter"], random: number) =>
      [1, 2, 3, 4, 5, 20].map((attempts) =>
        backoffMs({ ...POLICY, jitter }, { attempts, lastMs: 0 }, () => random),
      );
    assert.deepEqual(at("none", 0), [100, 200, 400, 800, 1000, 1000]);
    assert.deepEqual(at("full", 0.5), [50, 100, 200, 400, 500, 500]);
    assert.deepEqual(at("full", 0), [0, 0, 0, 0, 0, 0]);
    assert.deepEqual(at("equal", 0.5), [75, 150, 300, 600, 750, 750]);
    const decorrelated = { ...POLICY, jitter: "decorrelated" } as const;
    assert.equal(
      backoffMs(decorrelated, { attempts: 1, lastMs: 0 }, () => 1),
      100,
    );
    assert.equal(
      backoffMs(decorrelated, { attempts: 2, lastMs: 100 }, () => 1),
      300,
    );
    assert.equal(
      backoffMs(decorrelated, { attempts: 3, lastMs: 900 }, () => 1),
      1000,
    );
  });

  it("waits as long as the server asks, unless that is too long to wait", () => {
    assert.equal(backoffMs(POLICY, { attempts: 1, lastMs: 0, askedMs: 1500 }), 1500);
    assert.equal(backoffMs(POLICY, { attempts: 1, lastMs: 0, askedMs: 2001 }), undefined);
  });
});

describe("retryAfterMs", () => {
  it("reads seconds and dates, and nothing else", () => {
    const now = Date.parse("2026-01-01T00:00:00Z");
    assert.equal(retryAfterMs("3", now), 3000);
    assert.equal(retryAfterMs("Thu, 01 Jan 2026 00:00:05 GMT", now), 5000);
    assert.equal(retryAfterMs("Wed, 31 Dec 2025 00:00:05 GMT", now), 0);
    assert.equal(retryAfterMs("soon", now), undefined);
    assert.equal(retryAfterMs(undefined, now), undefined);
  });
});

describe("RetryBudget", () => {
  it("runs out when everything fails, and comes back with successes", () => {
    const budget = new RetryBudget();
    let spent = 0;
    while (budget.spend()) spent += 1;
    assert.equal(spent, 100);
    for (let n = 0; n < 11; n += 1) budget.refund();
    assert.equal(budget.spend(), true);
    assert.equal(budget.spend(), false);
  });
});
