import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "../../src/faults.ts";
import { Secret } from "../../src/runtime/secret.ts";
import { KEM } from "../../src/sealing/hpke.ts";
import { AnswerGuard } from "../../src/trust/answerer.ts";
import { AskerSession } from "../../src/trust/asker.ts";

const secret = new Secret(Buffer.alloc(32, 1));
const question = { subject: "keys.thing.do" };

function isIntegrity(error: unknown): boolean {
  return isFault(error, "crypto.integrity");
}

for (const [name, kem] of Object.entries(KEM)) {
  describe(`AskerSession with ${name}`, () => {
    it("opens the answer that its question's guard sealed", () => {
      const { input, openAnswer } = new AskerSession({ secret, kem }).prove(
        question,
        { a: 1 },
        "r",
      );
      const seal = new AnswerGuard({ secret }).check(question, input, "r");
      assert.deepEqual(openAnswer(seal({ dataKey: "ä" })), { dataKey: "ä" });
    });
  });
}

describe("AskerSession", () => {
  const session = () => new AskerSession({ secret, kem: KEM.x25519 });

  it("takes one answer per question", () => {
    const { input, openAnswer } = session().prove(question, {}, "r");
    const seal = new AnswerGuard({ secret }).check(question, input, "r");
    const answer = seal({ n: 1 });
    openAnswer(answer);
    assert.throws(() => openAnswer(answer), isIntegrity);
    assert.throws(() => openAnswer(seal({ n: 2 })), isIntegrity);
  });

  it("does not take the answer to another question of the same session", () => {
    const asker = session();
    const guard = new AnswerGuard({ secret });
    const [a, b] = [asker.prove(question, { n: 1 }, "r"), asker.prove(question, { n: 1 }, "r")];
    const sealToA = guard.check(question, a.input, "r");
    const sealToB = guard.check(question, b.input, "r");
    assert.throws(() => a.openAnswer(sealToB({ n: 1 })), isIntegrity);
    // A wrong answer does not use the question up: the right one is still taken.
    assert.deepEqual(a.openAnswer(sealToA({ n: 1 })), { n: 1 });
  });

  it("does not take an answer by someone without the secret", () => {
    const stranger = new Secret(Buffer.alloc(32, 2));
    const { input, openAnswer } = session().prove(question, {}, "r");
    const forged = new AskerSession({ secret: stranger, kem: KEM.x25519 }).prove(question, {}, "r");
    const asker = { ...forged.input.asker, publicKey: input.asker.publicKey };
    assert.throws(
      () => new AnswerGuard({ secret: stranger }).check(question, { asker }, "r"),
      (error) => isFault(error, "keys.refused"),
    );
    const seal = new AnswerGuard({ secret: stranger }).check(question, forged.input, "r");
    assert.throws(() => openAnswer(seal({})), isIntegrity);
  });

  it("renews its key pair after an hour, and still opens answers to questions from before", () => {
    let nowMs = 1_000_000;
    const asker = new AskerSession({ secret, kem: KEM.x25519, now: () => nowMs });
    const guard = new AnswerGuard({ secret, now: () => nowMs });
    nowMs += 3_599_999;
    const before = asker.prove(question, {}, "r");
    const seal = guard.check(question, before.input, "r");
    const first = asker.prove(question, {}, "r").input.asker.publicKey;
    assert.equal(first, before.input.asker.publicKey);
    nowMs += 3_600_000;
    const after = asker.prove(question, {}, "r");
    assert.notEqual(after.input.asker.publicKey, first);
    assert.deepEqual(before.openAnswer(seal({ n: 1 })), { n: 1 });
  });
});
