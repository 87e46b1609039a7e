import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { JoinedUnwraps, type Sealed } from "../src/joined-unwraps.ts";

const sealed = (n: number): Sealed => ({ header: String(n), place: { bucket: "b", key: "k" } });
const keyOf = ({ header }: Sealed) => Uint8Array.of(Number(header));

describe("joined unwraps", () => {
  it("ask together for what comes up together, in questions that fit a message", async () => {
    const asked: number[] = [];
    const joined = new JoinedUnwraps(async (all) => {
      asked.push(all.length);
      return await Promise.resolve(all.map(keyOf));
    });
    const keys = await Promise.all(Array.from({ length: 40 }, (_, n) => joined.unwrap(sealed(n))));
    assert.deepEqual(
      keys.map(([n]) => n),
      Array.from({ length: 40 }, (_, n) => n),
    );
    assert.deepEqual(asked, [15, 15, 10]);
    assert.deepEqual([...(await joined.unwrap(sealed(7)))], [7]);
    assert.equal(asked.length, 4);
  });

  it("ask for what comes up meanwhile in the next question", async () => {
    const asked: string[][] = [];
    const first = Promise.withResolvers<void>();
    const joined = new JoinedUnwraps(async (all) => {
      asked.push(all.map(({ header }) => header));
      if (asked.length === 1) await first.promise;
      return all.map(keyOf);
    });
    const one = joined.unwrap(sealed(1));
    while (asked.length === 0) await new Promise(setImmediate);
    const others = [joined.unwrap(sealed(2)), joined.unwrap(sealed(3))];
    first.resolve();
    await Promise.all([one, ...others]);
    assert.deepEqual(asked, [["1"], ["2", "3"]]);
  });

  it("fail one by one, or all together where the question failed, and go on", async () => {
    let isAway = false;
    const joined = new JoinedUnwraps(async (all) => {
      await Promise.resolve();
      if (isAway) throw new Error("away");
      return all.map((one) => (one.header === "2" ? new Error("not this") : keyOf(one)));
    });
    const outcomes = () =>
      Promise.allSettled([1, 2, 3].map((n) => joined.unwrap(sealed(n)))).then((all) =>
        all.map((one) => (one.status === "fulfilled" ? one.value[0] : String(one.reason))),
      );
    assert.deepEqual(await outcomes(), [1, "Error: not this", 3]);
    isAway = true;
    assert.deepEqual(await outcomes(), ["Error: away", "Error: away", "Error: away"]);
    isAway = false;
    assert.deepEqual(await outcomes(), [1, "Error: not this", 3]);
  });
});
