import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { finishTags, withPendingTags } from "../../src/rewrap/pending-tags.ts";
import { answer } from "../memory-backend.ts";
import { pendingInMemory, requestOf, rewrapping } from "./rewrapping.ts";

const tagging = "a%20b=1";

/** A run that ended with this pending, and what the next one sends. */
async function finished(before: string, now: Record<string, string>) {
  const { backend, ways } = rewrapping();
  const puts: string[] = [];
  backend.intercept = async ({ method, query = [], body }) => {
    if (method === "HEAD") return answer(200, now);
    if (!query.some(([name]) => name === "tagging")) return undefined;
    if (body instanceof Uint8Array) puts.push(Buffer.from(body).toString());
    return await Promise.resolve(answer(200));
  };
  const pending = pendingInMemory();
  pending.add({ key: "cat", header: before, tagging });
  await finishTags(pending, { rooms: ways.rooms, requestOf });
  assert.deepEqual(pending.list(), []);
  return puts;
}

describe("withPendingTags", () => {
  it("keeps the tags until the copy is known to have them", async () => {
    const pending = pendingInMemory();
    const tag = { key: "cat", header: "h", tagging };
    const lost = withPendingTags(pending, tag, () => Promise.reject(new Error("away")));
    await assert.rejects(lost, /away/);
    assert.deepEqual(pending.list(), [tag]);
    await withPendingTags(pending, tag, async () => {
      await Promise.resolve(assert.deepEqual(pending.list(), [tag]));
    });
    assert.deepEqual(pending.list(), []);
  });

  it("keeps nothing where there are none", async () => {
    const pending = pendingInMemory();
    await withPendingTags(pending, { key: "cat", header: "h", tagging: undefined }, async () => {
      await Promise.resolve(assert.deepEqual(pending.list(), []));
    });
  });
});

describe("finishTags", () => {
  it("sets the tags of a copy that has none", async () => {
    const { headers, header } = rewrapping();
    const fresh = await headers.reissue({ header });
    const puts = await finished(header, { [HEADER_FIELD]: fresh });
    assert.equal(puts.length, 1);
    assert.match(puts[0] ?? "", /<Key>a b<\/Key><Value>1<\/Value>/);
  });

  it("touches no object that was not copied, is another, or has tags", async () => {
    const { headers, header } = rewrapping();
    const fresh = await headers.reissue({ header });
    assert.deepEqual(await finished(header, { [HEADER_FIELD]: header }), []);
    assert.deepEqual(await finished(header, {}), []);
    const tagged = { [HEADER_FIELD]: fresh, "x-amz-tagging-count": "2" };
    assert.deepEqual(await finished(header, tagged), []);
  });

  it("keeps what it could not look at, and forgets what is gone", async () => {
    const { backend, ways, header } = rewrapping();
    const pending = pendingInMemory();
    pending.add({ key: "cat", header, tagging });
    backend.intercept = () => answer(503);
    const away = finishTags(pending, { rooms: ways.rooms, requestOf });
    await assert.rejects(away, { code: "backend.throttled" });
    assert.equal(pending.list().length, 1);
    backend.intercept = () => answer(404);
    await finishTags(pending, { rooms: ways.rooms, requestOf });
    assert.deepEqual(pending.list(), []);
  });
});
