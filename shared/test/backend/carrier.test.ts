import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { abortReason, lostExchange } from "../../src/backend/carrier.ts";
import { isFault } from "../../src/faults.ts";

describe("lostExchange", () => {
  it("says how far the exchange came, and can be tried again", () => {
    const fault = lostExchange("reset", "connection broke", { isReused: true });
    assert.equal(fault.code, "backend.unavailable");
    assert.deepEqual(fault.details, { phase: "reset", isReused: true });
    assert.ok(fault.isRetryable);
  });
});

describe("abortReason", () => {
  it("is the error that was given, or a fault about it", () => {
    const given = new Error("stop");
    assert.equal(abortReason(AbortSignal.abort(given)), given);
    assert.ok(isFault(abortReason(AbortSignal.abort("because")), "client.gone"));
  });
});
