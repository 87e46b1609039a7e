import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Secret } from "../../src/runtime/secret.ts";
import { ProofKeys, type ProvenQuestion, proofInput } from "../../src/trust/question-proof.ts";

const asker = { kem: 32, publicKey: "AAAA", timestampMs: 5, nonce: "BBBB" } as const;
const question: ProvenQuestion = {
  subject: "keys.thing.do",
  requestId: "r-1",
  asker,
  input: { place: { bucket: "b", key: "k" }, header: "h" },
};

describe("proofInput", () => {
  it("does not depend on the order of members, nor on a proof in the input", () => {
    const input = { asker: { ...asker, mac: "x" }, header: "h", place: { key: "k", bucket: "b" } };
    assert.deepEqual(proofInput({ ...question, input }), proofInput(question));
  });

  for (const [what, other] of [
    ["subject", { subject: "keys.thing.undo" }],
    ["request id", { requestId: "r-2" }],
    ["KEM", { asker: { ...asker, kem: 16 } }],
    ["public key", { asker: { ...asker, publicKey: "AAAC" } }],
    ["time", { asker: { ...asker, timestampMs: 6 } }],
    ["nonce", { asker: { ...asker, nonce: "BBBC" } }],
    ["place", { input: { place: { bucket: "b", key: "l" }, header: "h" } }],
    ["header", { input: { place: { bucket: "b", key: "k" }, header: "i" } }],
    ["text moved from one field to the next", { subject: "keys.thing.dor", requestId: "-1" }],
  ] as const) {
    it(`covers the ${what}`, () => {
      assert.notDeepEqual(proofInput({ ...question, ...other }), proofInput(question));
    });
  }
});

describe("ProofKeys", () => {
  const keys = new ProofKeys(new Secret(Buffer.alloc(32, 1)));
  const others = new ProofKeys(new Secret(Buffer.alloc(32, 2)));
  const covered = proofInput(question);

  it("differ by secret", () => {
    assert.notDeepEqual(keys.mac(covered), others.mac(covered));
    assert.notDeepEqual(keys.answerContext(covered).psk, others.answerContext(covered).psk);
  });

  it("never use the secret itself, nor one key for two purposes", () => {
    const { psk } = keys.answerContext(covered);
    assert.notDeepEqual(psk, Buffer.alloc(32, 1));
    assert.notDeepEqual(new ProofKeys(new Secret(psk)).mac(covered), keys.mac(covered));
  });

  it("bind an answer to its question", () => {
    const other = proofInput({ ...question, requestId: "r-2" });
    assert.notDeepEqual(keys.answerContext(covered).aad, keys.answerContext(other).aad);
  });
});
