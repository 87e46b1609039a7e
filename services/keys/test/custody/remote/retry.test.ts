import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import { longestWaitMs, type RetryPolicy, retried } from "../../../src/custody/remote/retry.ts";
import { is } from "../../issued-header.ts";

const policy: RetryPolicy = {
  isEnabled: true,
  initialMs: 1,
  maxMs: 4,
  multiplier: 3,
  maxElapsedMs: 5000,
  attemptTimeoutMs: 5000,
};

/** Fails so many times, then answers; counts. */
function failing(times: number, failure: Error = new Fault("keys.unavailable", "away")) {
  const attempt = async () => {
    attempt.made += 1;
    await Promise.resolve();
    if (attempt.made <= times) throw failure;
    return "answer";
  };
  attempt.made = 0;
  return attempt;
}

describe("retried", () => {
  it("tries again until there is an answer", async () => {
    const attempt = failing(3);
    assert.equal(await retried(attempt, policy), "answer");
    assert.equal(attempt.made, 4);
  });

  it("tries once where retries are off, or for any other fault", async () => {
    const off = failing(1);
    await assert.rejects(retried(off, { ...policy, isEnabled: false }), is("keys.unavailable"));
    const denied = failing(1, new Fault("keys.denied", "no"));
    await assert.rejects(retried(denied, policy), is("keys.denied"));
    assert.deepEqual([off.made, denied.made], [1, 1]);
  });

  it("does not wait beyond its time", async () => {
    const attempt = failing(1);
    const short = { ...policy, initialMs: 10_000, maxMs: 10_000, maxElapsedMs: 1000 };
    await assert.rejects(
      retried(attempt, short, () => 1),
      is("keys.unavailable"),
    );
    assert.equal(attempt.made, 1);
  });

  it("gives an attempt up that does not end, and wipes what it brings late", async () => {
    const late = Promise.withResolvers<Buffer>();
    let signalled: AbortSignal | undefined;
    const stuck = async (signal: AbortSignal) => {
      signalled = signal;
      return await late.promise;
    };
    const once = { ...policy, isEnabled: false, attemptTimeoutMs: 5 };
    await assert.rejects(retried(stuck, once), is("keys.unavailable"));
    assert.ok(signalled?.aborted);
    const secret = Buffer.alloc(65, 7);
    late.resolve(secret);
    await late.promise;
    await Promise.resolve();
    assert.deepEqual(secret, Buffer.alloc(65));
  });

  it("says of a failure without a code that the store failed, and not why", async () => {
    const attempt = failing(9, new Error("secret 10.0.0.7"));
    await assert.rejects(retried(attempt, { ...policy, isEnabled: false }), (error) => {
      assert.ok(isFault(error, "keys.unavailable"));
      assert.ok(!error.message.includes("secret"));
      return error.cause instanceof Error;
    });
  });

  it("waits longer each time, up to a limit", () => {
    assert.deepEqual(
      [1, 2, 3, 4].map((tries) => longestWaitMs(policy, tries)),
      [1, 3, 4, 4],
    );
  });
});
