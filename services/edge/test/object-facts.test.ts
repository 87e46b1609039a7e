import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { describeObjects, type ObjectFacts } from "@s3eg/shared/contracts/crypto.ts";
import { Fault, toWireFault } from "@s3eg/shared/faults.ts";
import type { z } from "zod";
import { EVERYTHING } from "../src/auth/rights.ts";
import { MemoryFactsIndex } from "../src/facts-index.ts";
import {
  type Asking,
  hasCustomerKey,
  knownObjectsOf,
  retryIfChanged,
} from "../src/object-facts.ts";
import { keptLog, STANDARD } from "./running-edge.ts";

type Question = z.infer<typeof describeObjects.input>;

const OBJECT = { bucket: "b", key: "k", etag: '"e"' };
const FACTS: ObjectFacts = { size: 3, isSealed: true, etag: "md5" };

function askingOf(headers: Record<string, string> = {}): Asking {
  const policy = { ...STANDARD, bindAs: "original" };
  return {
    id: "R1",
    headers,
    principal: { accessKey: "AK", identity: "BK", rights: EVERYTHING },
    policyOf: () => policy,
  };
}

function known(answer: (object: Question["objects"][number]) => ObjectFacts | Fault = () => FACTS) {
  const bus = new MemoryBus({ log: keptLog() });
  const asked: Question[] = [];
  bus.serve(describeObjects, async (question) => {
    await Promise.resolve();
    asked.push(question);
    const described = question.objects.map((object) => {
      const facts = answer(object);
      return facts instanceof Fault ? { fault: toWireFault(facts) } : { facts };
    });
    return { plain: { described } };
  });
  const objects = knownObjectsOf({ bus, session: undefined, index: new MemoryFactsIndex() });
  return { objects, asked };
}

describe("facts of one object", () => {
  it("are asked of crypto once, as the object is pinned, and remembered", async () => {
    const { objects, asked } = known();
    const headers = { "x-amz-request-payer": "requester", "x-amz-meta-a": "1" };
    const pinned = { ...OBJECT, versionId: "v" };
    for (let times = 0; times < 3; times += 1) {
      assert.deepEqual(await objects.of(askingOf(headers), pinned), FACTS);
    }
    assert.deepEqual(asked, [
      {
        bucket: "b",
        boundTo: "original",
        identity: "BK",
        contents: "sealed",
        objects: [{ key: "k", versionId: "v", etag: '"e"' }],
        headers: { "x-amz-request-payer": "requester" },
      },
    ]);
  });

  it("are not asked for where they were learned by the way", async () => {
    const { objects, asked } = known();
    objects.learn(OBJECT, { ...FACTS, size: 9 });
    assert.equal((await objects.of(askingOf(), OBJECT))?.size, 9);
    assert.equal(asked.length, 0);
  });

  it("throw the fault of crypto, which is not remembered", async () => {
    let isGone = true;
    const { objects } = known(() => (isGone ? new Fault("backend.changed", "other") : FACTS));
    await assert.rejects(objects.of(askingOf(), OBJECT), { code: "backend.changed" });
    isGone = false;
    assert.deepEqual(await objects.of(askingOf(), OBJECT), FACTS);
  });

  it("are unknown under a customer's key, which never crosses the bus", async () => {
    const { objects, asked } = known();
    for (const prefix of ["x-amz-", "x-amz-copy-source-"]) {
      const headers = { [`${prefix}server-side-encryption-customer-key`]: "secret" };
      assert.ok(hasCustomerKey(headers));
      assert.equal(await objects.of(askingOf(headers), OBJECT), undefined);
    }
    assert.equal(asked.length, 0);
    assert.ok(!hasCustomerKey({ "x-amz-server-side-encryption": "AES256" }));
  });
});

describe("facts of many objects", () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ ...OBJECT, key: `k${at}` }));

  it("are asked for in questions of at most 100, misses only, and come in order", async () => {
    const { objects, asked } = known(({ key }) => ({ ...FACTS, size: Number(key.slice(1)) }));
    objects.learn({ ...OBJECT, key: "k7" }, { ...FACTS, size: 7000 });
    const facts = await objects.ofMany(askingOf(), many(250));
    const sizes = facts.map((entry) => entry?.size);
    assert.deepEqual(
      sizes,
      many(250).map((_, at) => (at === 7 ? 7000 : at)),
    );
    assert.deepEqual(
      asked.map((question) => question.objects.length),
      [100, 100, 49],
    );
    await objects.ofMany(askingOf(), many(250));
    assert.equal(asked.length, 3);
  });

  it("leave out what is damaged, changed or not to be read", async () => {
    const codes = [
      "crypto.integrity",
      "backend.changed",
      "backend.refused",
      "crypto.not-sealed",
    ] as const;
    const { objects } = known(({ key }) => {
      const code = codes[Number(key.slice(1))];
      return code === undefined ? FACTS : new Fault(code, "no");
    });
    const facts = await objects.ofMany(askingOf(), many(5));
    assert.deepEqual(facts.slice(0, 4), [undefined, undefined, undefined, undefined]);
    assert.deepEqual(facts[4], FACTS);
  });

  it("reject while backend or keys are out of reach: another ETag than before would be shown", async () => {
    for (const code of ["backend.unavailable", "backend.throttled", "keys.unavailable"] as const) {
      const { objects } = known(() => new Fault(code, "away"));
      await assert.rejects(objects.ofMany(askingOf(), many(2)), { code });
    }
  });

  it("ask nothing for nothing", async () => {
    const { objects, asked } = known();
    assert.deepEqual(await objects.ofMany(askingOf(), []), []);
    assert.equal(asked.length, 0);
  });
});

describe("retryIfChanged", () => {
  it("looks again at what changed, eight times at most", async () => {
    let looks = 0;
    const look = async (times: number) => {
      await Promise.resolve();
      looks += 1;
      if (looks <= times) throw new Fault("backend.changed", "other");
      return looks;
    };
    assert.equal(await retryIfChanged(() => look(1)), 2);
    looks = 0;
    assert.equal(await retryIfChanged(() => look(7)), 8);
    looks = 0;
    await assert.rejects(
      retryIfChanged(() => look(9)),
      { code: "backend.changed" },
    );
    assert.equal(looks, 8);
  });

  it("looks once where something else is wrong", async () => {
    let looks = 0;
    const failing = retryIfChanged(() => {
      looks += 1;
      return Promise.reject(new Fault("crypto.integrity", "bad"));
    });
    await assert.rejects(failing, { code: "crypto.integrity" });
    assert.equal(looks, 1);
  });
});
