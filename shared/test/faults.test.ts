import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FAULTS, Fault, fromWireFault, isFault, toWireFault } from "../src/faults.ts";

describe("Fault", () => {
  it("keeps code, message, cause and details, and knows whether to try again", () => {
    const cause = new Error("reset");
    const fault = new Fault("backend.unavailable", "no answer", { cause, details: { attempt: 2 } });
    assert.equal(fault.message, "no answer");
    assert.equal(fault.cause, cause);
    assert.deepEqual(fault.details, { attempt: 2 });
    assert.ok(Object.isFrozen(fault.details));
    assert.equal(fault.isRetryable, true);
    assert.equal(new Fault("auth.denied", "no").isRetryable, false);
  });

  it("is told apart by its code", () => {
    const fault = new Fault("auth.denied", "no");
    assert.ok(isFault(fault));
    assert.ok(isFault(fault, "input.invalid", "auth.denied"));
    assert.equal(isFault(fault, "input.invalid"), false);
    assert.equal(isFault(new Error("auth.denied"), "auth.denied"), false);
    assert.equal(isFault(undefined), false);
  });
});

describe("a fault on the wire", () => {
  for (const code of Object.keys(FAULTS) as (keyof typeof FAULTS)[]) {
    it(`arrives as it was sent: ${code}`, () => {
      const sent = new Fault(code, "said", { details: { size: 3, name: "a", ok: true } });
      const arrived = fromWireFault(JSON.parse(JSON.stringify(toWireFault(sent))));
      assert.deepEqual(
        { code: arrived.code, message: arrived.message, details: arrived.details },
        { code, message: "said", details: { size: 3, name: "a", ok: true } },
      );
    });
  }

  it("leaves the cause behind, and everything of an error that is no fault", () => {
    const fault = new Fault("keys.unavailable", "down", { cause: new Error("hush") });
    assert.doesNotMatch(JSON.stringify(toWireFault(fault)), /hush/);
    assert.deepEqual(toWireFault(new Error("hush")), {
      code: "internal.bug",
      message: "internal error",
      details: {},
    });
  });

  for (const wire of [null, 5, "x", {}, { code: "no.such" }, { code: "toString" }, { code: 7 }]) {
    it(`becomes internal.bug when it is ${JSON.stringify(wire)}`, () => {
      assert.equal(fromWireFault(wire).code, "internal.bug");
    });
  }

  it("keeps plain details only", () => {
    const arrived = fromWireFault({
      code: "input.invalid",
      message: 5,
      details: { a: 1, b: { c: 2 }, d: null },
    });
    assert.deepEqual(arrived.details, { a: 1 });
    assert.equal(arrived.message, "internal error");
  });
});
