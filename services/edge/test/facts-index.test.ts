import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryFactsIndex } from "../src/facts-index.ts";

const object = (key: string, etag = '"e"') => ({ bucket: "b", key, etag });
const facts = (size: number) => ({ size, isSealed: true });

describe("MemoryFactsIndex", () => {
  it("knows an object by bucket, key and ETag", async () => {
    const index = new MemoryFactsIndex();
    await index.set(object("a"), facts(1));
    await index.set(object("a"), facts(2));
    const asked = [object("a"), object("b"), object("a", '"f"'), { ...object("a"), bucket: "c" }];
    assert.deepEqual(await index.get(asked), [facts(2), undefined, undefined, undefined]);
  });

  it("does not take one name for another", async () => {
    const index = new MemoryFactsIndex();
    await index.set(object("a", 'b"e"'), facts(1));
    assert.deepEqual(await index.get([object("ab")]), [undefined]);
  });

  it("forgets what was not used for longest when it is full", async () => {
    const index = new MemoryFactsIndex({ capacityBytes: 1000 });
    for (const key of ["a", "b", "c"]) await index.set(object(key), facts(1));
    await index.get([object("a")]);
    await index.set(object("d"), facts(1));
    const known = await index.get(["a", "b", "c", "d"].map((key) => object(key)));
    assert.equal(known[0]?.size, 1);
    assert.equal(known[1], undefined);
    assert.equal(known[3]?.size, 1);
  });
});
