import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { decisionAfter, type NumberedDecision } from "../../src/rotation/decision.ts";
import { DecisionSeal, MAX_TOLD } from "../../src/rotation/signed-decisions.ts";

const secretOf = (byte: number) => new Secret(Buffer.alloc(32, byte));
const key = (keyVersion: number) => ({ provider: "aes", keyId: "aes", keyVersion }) as const;
const decisions = (count: number): NumberedDecision[] =>
  Array.from({ length: count }, (_, n) => ({
    number: n + 1,
    decision: decisionAfter(undefined, { action: "retired", key: key(n) }),
  }));

describe("DecisionSeal", () => {
  const seal = new DecisionSeal(secretOf(1), "here");

  it("opens what it signed, of many the last ones", () => {
    const two = decisions(2);
    assert.deepEqual(seal.open(seal.sign(two)), two);
    const many = decisions(MAX_TOLD + 3);
    assert.deepEqual(seal.open(seal.sign(many)), many.slice(3));
  });

  it("takes nothing of another secret, of another place, or that was changed in any way", () => {
    const bytes = seal.sign(decisions(2));
    assert.equal(new DecisionSeal(secretOf(2), "here").open(bytes), undefined);
    assert.equal(new DecisionSeal(secretOf(1), "there").open(bytes), undefined);
    const signed = JSON.parse(bytes.toString()) as { decisions: NumberedDecision[] };
    const [first, second] = signed.decisions;
    assert.ok(first && second);
    const changed = {
      "a retired version left out": [
        first,
        { ...second, decision: { ...second.decision, retired: [] } },
      ],
      "another number": [first, { ...second, number: 9 }],
      "one less": [first],
      "another order": [second, first],
      none: [],
    };
    for (const [what, forged] of Object.entries(changed)) {
      const text = JSON.stringify({ ...signed, decisions: forged });
      assert.equal(seal.open(Buffer.from(text)), undefined, what);
    }
    for (const mac of ["", Buffer.alloc(32).toString("base64"), undefined]) {
      assert.equal(seal.open(Buffer.from(JSON.stringify({ ...signed, mac }))), undefined);
    }
    for (const text of ["", "{", "null", "[]"]) {
      assert.equal(seal.open(Buffer.from(text)), undefined, text);
    }
  });
});
