import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { paceOf, walkBucket } from "../../src/jobs/bucket-walk.ts";
import { BUCKET, bucketJobs } from "./bucket-jobs.ts";

describe("walkBucket", () => {
  it("has each object done with once, a few at a time, behind where a former run came to", async () => {
    const site = bucketJobs();
    const keys = Array.from({ length: 25 }, (_, n) => `key-${`${n}`.padStart(2, "0")}`);
    for (const key of keys) site.putSealed(key, key);
    let underWay = 0;
    let most = 0;
    const done: string[] = [];
    const walk = { bucket: BUCKET, prefix: "key-", perSecond: 1e6, pageSize: 100 };
    const after = { key: "behind-this" };
    for await (const page of walkBucket(site.parts, { ...walk, after }, async ({ key }) => {
      most = Math.max(most, ++underWay);
      await new Promise(setImmediate);
      underWay--;
      return { result: `done ${key}` };
    })) {
      done.push(...page.outcomes.map(({ key, result }) => `${key} ${result}`));
      assert.equal(underWay, 0);
      assert.equal(page.marker.key, page.outcomes.at(-1)?.key);
    }
    assert.deepEqual(
      done,
      keys.map((key) => `${key} done ${key}`),
    );
    assert.equal(most, 8);
    const listing = site.backend.kept.find(({ request: { query = [] } }) =>
      query.some(([name]) => name === "list-type"),
    );
    const asked = Object.fromEntries(listing?.request.query ?? []);
    assert.equal(asked["start-after"], "behind-this");
    assert.equal(asked["max-keys"], "100");
  });

  it("ends with what goes wrong with an object", async () => {
    const site = bucketJobs();
    site.putSealed("a", "a");
    const walk = { bucket: BUCKET, prefix: "", perSecond: 1e6 };
    const pages = walkBucket(site.parts, walk, async () => await Promise.reject(new Error("bug")));
    await assert.rejects(pages.next(), /bug/);
  });
});

describe("paceOf", () => {
  it("lets the first through at once, and ends a wait with its signal", async () => {
    const stop = new AbortController();
    const pace = paceOf(0.001, stop.signal);
    await pace();
    const waiting = pace();
    stop.abort();
    await assert.rejects(waiting, { name: "AbortError" });
  });
});
