import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryFactsIndex } from "../src/facts-index.ts";

const object = (key: string, etag = '"e"') => ({ bucket: "b", key, etag });
const facts = (size: number) => ({ size, isSealed: true });

describe("MemoryFactsIndex", () => {
  it("knows an object by bucket, key and ETag, and answers in order", async () => {
    const index = new MemoryFactsIndex();
    await index.set(object("k"), facts(1));
    await index.set(object("k", '"f"'), facts(2));
    await index.set({ ...object("k"), bucket: "c" }, facts(3));
    const asked = [object("k", '"f"'), object("x"), object("k"), { ...object("k"), bucket: "c" }];
    assert.deepEqual(await index.get(asked), [facts(2), undefined, facts(1), facts(3)]);
  });

  it("takes no key for the end of another name", async () => {
    const index = new MemoryFactsIndex();
    await index.set({ bucket: "b", key: 'k"x"', etag: '"e"' }, facts(1));
    await index.set({ bucket: "b", key: "1/k", etag: '"e"' }, facts(2));
    const [one, other] = await index.get([
      { bucket: "b", key: "k", etag: '"x""e"' },
      { bucket: "b/1", key: "k", etag: '"e"' },
    ]);
    assert.deepEqual([one, other], [undefined, undefined]);
  });

  it("forgets what was not used for longest when it is full, and never grows", async () => {
    // Room for two entries in each generation.
    const index = new MemoryFactsIndex({ capacityBytes: 4 * 330 });
    const sizesOf = async (...keys: string[]) =>
      (await index.get(keys.map((key) => object(key)))).map((entry) => entry?.size);
    for (const key of ["1", "2", "3"]) await index.set(object(key), facts(Number(key)));
    assert.deepEqual(await sizesOf("1"), [1]);
    await index.set(object("4"), facts(4));
    assert.deepEqual(await sizesOf("2"), [undefined]);
    assert.deepEqual(await sizesOf("3", "1", "4"), [3, 1, 4]);
    for (let size = 0; size < 100; size += 1) await index.set(object("4"), facts(size));
    assert.deepEqual(await sizesOf("4"), [99]);
    for (let key = 10; key < 100; key += 1) await index.set(object(String(key)), facts(key));
    const kept = await index.get(Array.from({ length: 100 }, (_, key) => object(String(key))));
    assert.ok(kept.filter((entry) => entry !== undefined).length <= 4);
  });
});
