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
    const index = new MemoryFactsIndex({ capacityBytes: 3 * 330 });
    for (const key of ["1", "2", "3"]) await index.set(object(key), facts(1));
    await index.get([object("1")]);
    await index.set(object("4"), facts(4));
    const known = await index.get(["1", "2", "3", "4"].map((key) => object(key)));
    assert.deepEqual(
      known.map((entry) => entry?.size),
      [1, undefined, 1, 4],
    );
    for (let size = 0; size < 100; size += 1) await index.set(object("4"), facts(size));
    const [first, , , last] = await index.get(["1", "2", "3", "4"].map((key) => object(key)));
    assert.deepEqual([first?.size, last?.size], [1, 99]);
  });

  it("keeps nothing that is larger than all its room", async () => {
    const index = new MemoryFactsIndex({ capacityBytes: 100 });
    await index.set(object("k"), facts(1));
    assert.deepEqual(await index.get([object("k")]), [undefined]);
  });
});
