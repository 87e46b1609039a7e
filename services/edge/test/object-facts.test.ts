import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { describeObjects, MAX_DESCRIBED } from "@s3eg/shared/contracts/crypto.ts";
import { Fault, toWireFault } from "@s3eg/shared/faults.ts";
import { EVERYTHING } from "../src/auth/rights.ts";
import { MemoryFactsIndex } from "../src/facts-index.ts";
import { knownObjectsOf, retryIfChanged } from "../src/object-facts.ts";
import { keptLog, STANDARD } from "./running-edge.ts";

/** Known objects over an answerer that says of key `3` that it has 3 bytes, and of any other that it is what its name says. */
function known() {
  const bus = new MemoryBus({ log: keptLog() });
  const questions: { key: string }[][] = [];
  bus.serve(describeObjects, async ({ objects }) => {
    await Promise.resolve();
    questions.push(objects);
    const described = objects.map(({ key }) =>
      key.startsWith("fault:")
        ? { fault: toWireFault(new Fault(key.slice(6) as "backend.changed", key)) }
        : { facts: { size: Number(key), isSealed: true } },
    );
    return { plain: { described } };
  });
  const index = new MemoryFactsIndex();
  return { ...knownObjectsOf({ bus, session: undefined, index }), questions };
}
const asking = (headers: Record<string, string> = {}) => ({
  id: "ID",
  principal: { accessKey: "AK", rights: EVERYTHING },
  headers,
  policyOf: () => STANDARD,
});
const object = (key: string) => ({ bucket: "b", key, etag: '"e"' });

describe("knownObjectsOf", () => {
  it("asks once for what it does not know", async () => {
    const { of, questions } = known();
    assert.equal((await of(asking(), object("3")))?.size, 3);
    assert.equal((await of(asking(), object("3")))?.size, 3);
    assert.equal(questions.length, 1);
  });

  it("asks for many in few questions, and gives them in order", async () => {
    const { ofMany, learn, questions } = known();
    learn(object("1"), { size: 100, isSealed: false });
    const objects = Array.from({ length: 2 * MAX_DESCRIBED + 2 }, (_, n) => object(String(n)));
    const facts = await ofMany(asking(), objects);
    assert.deepEqual(
      [0, 1, 2, 201].map((at) => facts[at]?.size),
      [0, 100, 2, 201],
    );
    assert.deepEqual(
      questions.map(({ length }) => length),
      [MAX_DESCRIBED, MAX_DESCRIBED, 1],
    );
  });

  it("goes on without an object that has no facts, and not through an outage", async () => {
    const { of, ofMany } = known();
    const gone = object("fault:backend.changed");
    assert.deepEqual(await ofMany(asking(), [gone, object("5")]), [
      undefined,
      { size: 5, isSealed: true },
    ]);
    await assert.rejects(of(asking(), gone), { code: "backend.changed" });
    const outage = ofMany(asking(), [object("fault:keys.unavailable")]);
    await assert.rejects(outage, { code: "keys.unavailable" });
  });

  it("never sends a customer's key over the bus", async () => {
    const { of, questions } = known();
    const headers = { "x-amz-server-side-encryption-customer-key": "k" };
    assert.equal(await of(asking(headers), object("3")), undefined);
    assert.equal(questions.length, 0);
  });
});

describe("retryIfChanged", () => {
  it("looks once more at what changed meanwhile, and no more than that", async () => {
    let looks = 0;
    const look = async (changes: number) => {
      await Promise.resolve();
      looks += 1;
      if (looks <= changes) throw new Fault("backend.changed", "again");
      return looks;
    };
    assert.equal(await retryIfChanged(() => look(1)), 2);
    looks = 0;
    await assert.rejects(
      retryIfChanged(() => look(5)),
      { code: "backend.changed" },
    );
    assert.equal(looks, 2);
    const other = retryIfChanged(() => Promise.reject(new Fault("keys.refused", "")));
    await assert.rejects(other, { code: "keys.refused" });
  });
});
