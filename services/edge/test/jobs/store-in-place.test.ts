import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SMALL_BYTES, storeInPlace } from "../../src/jobs/store-in-place.ts";
import { answer } from "../memory-backend.ts";
import { STANDARD } from "../running-edge.ts";
import { bucketJobs } from "./bucket-jobs.ts";

const HONOURED = { source: true, target: true, completion: true, put: true, putLocks: false };
const MIB = 1024 * 1024;

/** Stores an object of so many bytes; nothing of it is read that is not asked for. */
async function stored(headers: Record<string, string>, { putLocks = false, first = 0 } = {}) {
  const site = bucketJobs();
  site.backend.put("photos/cat", Buffer.from("meow"));
  site.crypto.plain = true;
  site.own.intercept = ({ method, query = [] }) => {
    const isPart = query.some(([name]) => name === "partNumber");
    if (method === "HEAD" && isPart) return answer(206, { "content-length": `${first}` });
    return method === "GET" && query.length === 0 ? answer(200, headers, "") : undefined;
  };
  const request = site.requestOf("cat", { reading: { ...STANDARD, contents: "mixed" } });
  const place = { bucket: "photos", key: "cat" };
  const source = { ...place, place };
  const honoured = { ...HONOURED, putLocks };
  await storeInPlace(request, site.rooms, { source, headers, honoured }).catch(() => undefined);
  return { ...site, sizes: site.uploads.parts.map(({ head }) => head.size) };
}

describe("storeInPlace", () => {
  it("puts in one what was put in one, with the condition where it is honoured", async () => {
    const { crypto, uploads } = await stored({ etag: '"e"', "content-length": "4" });
    assert.equal(crypto.seals[0]?.headers["if-match"], '"e"');
    assert.equal(uploads.created.length, 0);
  });

  it("keeps the algorithm of the checksum that the store knows", async () => {
    const headers = { etag: '"e"', "content-length": "0", "x-amz-checksum-sha1": "AAAA" };
    const { crypto } = await stored(headers);
    assert.equal(crypto.tails[0]?.checksum?.algorithm, "sha1");
  });

  it("begins an upload for what was in parts, is too large, or would wait for itself", async () => {
    const inParts = { etag: '"e-2"', "content-length": `${9 * MIB}` };
    assert.equal((await stored(inParts, { first: 5 * MIB })).uploads.created.length, 1);
    const large = { etag: '"e"', "content-length": `${6 * 1024 * MIB}` };
    assert.equal((await stored(large)).uploads.created.length, 1);
    const middling = { etag: '"e"', "content-length": `${SMALL_BYTES + 1}` };
    assert.equal((await stored(middling)).uploads.created.length, 0);
    assert.equal((await stored(middling, { putLocks: true })).uploads.created.length, 1);
    const small = { etag: '"e"', "content-length": `${SMALL_BYTES}` };
    assert.equal((await stored(small, { putLocks: true })).uploads.created.length, 0);
  });
});
