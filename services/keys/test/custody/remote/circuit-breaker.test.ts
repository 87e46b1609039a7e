import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { Fault, type FaultCode } from "@s3eg/shared/faults.ts";
import { CircuitBreaker } from "../../../src/custody/remote/circuit-breaker.ts";
import { is } from "../../issued-header.ts";

const policy = { isEnabled: true, consecutiveFailures: 2, openMs: 1000, successThreshold: 2 };

describe("CircuitBreaker", () => {
  let nowMs = 0;
  let made = 0;
  let breaker: CircuitBreaker;
  beforeEach(() => {
    nowMs = 0;
    made = 0;
    breaker = new CircuitBreaker(policy, () => nowMs);
  });

  const attempt = (code?: FaultCode) =>
    breaker.run(async () => {
      made += 1;
      await Promise.resolve();
      if (code) throw new Fault(code, "no");
      return "yes";
    });
  const fails = (code: FaultCode) => assert.rejects(attempt(code), is(code));

  it("opens after failures in a row, and then makes no attempt", async () => {
    await fails("keys.unavailable");
    assert.equal(await attempt(), "yes");
    await fails("keys.unavailable");
    assert.ok(!breaker.isOpen);
    await fails("keys.unavailable");
    assert.ok(breaker.isOpen);
    made = 0;
    await assert.rejects(attempt(), is("keys.unavailable"));
    assert.equal(made, 0);
  });

  it("does not open for answers that say no", async () => {
    for (const code of ["crypto.integrity", "keys.denied", "crypto.integrity"] as const) {
      await fails(code);
    }
    assert.ok(!breaker.isOpen);
  });

  it("lets one attempt through at a time when the time is over, and closes after successes", async () => {
    await fails("keys.unavailable");
    await fails("keys.unavailable");
    nowMs = 1000;
    const trial = attempt();
    await assert.rejects(attempt(), is("keys.unavailable"));
    assert.equal(await trial, "yes");
    assert.ok(breaker.isOpen);
    assert.equal(await attempt(), "yes");
    assert.ok(!breaker.isOpen);
  });

  it("stays open when the trial fails", async () => {
    await fails("keys.unavailable");
    await fails("keys.unavailable");
    nowMs = 1000;
    await fails("keys.unavailable");
    nowMs = 1999;
    made = 0;
    await assert.rejects(attempt(), is("keys.unavailable"));
    assert.equal(made, 0);
    nowMs = 2000;
    assert.equal(await attempt(), "yes");
  });

  it("never opens where it is switched off", async () => {
    breaker = new CircuitBreaker({ ...policy, isEnabled: false }, () => nowMs);
    for (let n = 0; n < 5; n += 1) await fails("keys.unavailable");
    assert.equal(made, 5);
  });
});
