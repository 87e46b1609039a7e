import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AskerProof } from "../../src/contracts/keys.ts";
import { type FaultCode, isFault } from "../../src/faults.ts";
import { Secret } from "../../src/runtime/secret.ts";
import { KEM } from "../../src/sealing/hpke.ts";
import { AnswerGuard } from "../../src/trust/answerer.ts";
import { AskerSession } from "../../src/trust/asker.ts";

const secret = new Secret(Buffer.alloc(32, 1));
const question = { subject: "keys.thing.do" };
const nowMs = 1_700_000_000_000;

function proven(provenAtMs = nowMs) {
  const session = new AskerSession({ secret, kem: KEM.x25519, now: () => provenAtMs });
  return session.prove(question, { place: { bucket: "b", key: "k" } }, "r").input;
}

function guardAt(timeMs = nowMs, capacity = 10): AnswerGuard {
  return new AnswerGuard({ secret, now: () => timeMs, capacity });
}

function is(code: FaultCode) {
  return (error: unknown) => isFault(error, code);
}

describe("AnswerGuard", () => {
  it("answers a question once", () => {
    const guard = guardAt();
    const input = proven();
    guard.check(question, input, "r");
    assert.throws(() => guard.check(question, input, "r"), is("keys.refused"));
  });

  it("answers a question up to a minute old, or a minute ahead, and no further", () => {
    for (const offMs of [-60_000, 60_000]) guardAt(nowMs + offMs).check(question, proven(), "r");
    for (const offMs of [-60_001, 60_001]) {
      assert.throws(
        () => guardAt(nowMs + offMs).check(question, proven(), "r"),
        is("keys.refused"),
      );
    }
  });

  it("answers nobody without a proof", () => {
    assert.throws(() => guardAt().check(question, {}, "r"), is("keys.refused"));
  });

  it("answers nobody who proves it with another secret", () => {
    const other = new AnswerGuard({ secret: new Secret(Buffer.alloc(32, 2)), now: () => nowMs });
    assert.throws(() => other.check(question, proven(), "r"), is("keys.refused"));
  });

  it("answers no other question, request or input than the one that was proven", () => {
    const input = proven();
    const other = { ...input, place: { bucket: "b", key: "l" } };
    assert.throws(() => guardAt().check({ subject: "keys.a.b" }, input, "r"), is("keys.refused"));
    assert.throws(() => guardAt().check(question, input, "s"), is("keys.refused"));
    assert.throws(() => guardAt().check(question, other, "r"), is("keys.refused"));
  });

  for (const [field, value] of Object.entries({
    kem: 16,
    publicKey: Buffer.alloc(32, 9).toString("base64"),
    timestampMs: nowMs + 1,
    nonce: Buffer.alloc(16).toString("base64"),
    mac: Buffer.alloc(32).toString("base64"),
  })) {
    it(`refuses a proof with another ${field}`, () => {
      const input = proven();
      const asker = { ...input.asker, [field]: value } as AskerProof;
      assert.throws(() => guardAt().check(question, { ...input, asker }, "r"), is("keys.refused"));
    });
  }

  it("refuses a MAC of any other length", () => {
    const input = proven();
    for (const length of [0, 31, 33]) {
      const mac = Buffer.from(input.asker.mac, "base64").subarray(0, length).toString("base64");
      const asker = { ...input.asker, mac: length === 33 ? `${"A".repeat(44)}` : mac };
      assert.throws(() => guardAt().check(question, { ...input, asker }, "r"), is("keys.refused"));
    }
  });

  it("answers nobody any more when its memory is full, as long as it must remember", () => {
    const guard = guardAt(nowMs, 2);
    guard.check(question, proven(), "r");
    guard.check(question, proven(), "r");
    assert.throws(() => guard.check(question, proven(), "r"), is("keys.unavailable"));
  });

  it("lets nothing unproven into its memory", () => {
    const guard = guardAt(nowMs, 1);
    const input = proven();
    const asker = { ...input.asker, mac: Buffer.alloc(32).toString("base64") };
    assert.throws(() => guard.check(question, { ...input, asker }, "r"), is("keys.refused"));
    guard.check(question, input, "r");
  });
});
