import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { NO_CONDITIONS, probeCopies } from "../../src/rewrap/copy-conditions.ts";
import { answer, MemoryBackend } from "../memory-backend.ts";

/** A store that heeds the conditions of these names, and begins uploads. */
function backendThatHeeds(names: readonly string[]) {
  const backend = new MemoryBackend();
  let etag = "";
  let writes = 0;
  backend.intercept = ({ method, headers = {}, query = [] }) => {
    if (query.some(([name]) => name === "uploads")) {
      return answer(200, {}, "<R><UploadId>U</UploadId></R>");
    }
    if (names.some((name) => headers[name] !== undefined && headers[name] !== etag)) {
      return answer(412);
    }
    const isOfUpload = query.length > 0;
    const isCopy = headers["x-amz-copy-source"] !== undefined;
    if (method === "PUT" && !isCopy && !isOfUpload) {
      writes += 1;
      etag = `"e${writes}"`;
    }
    if (method === "DELETE" && !isOfUpload) etag = "";
    return method === "DELETE" ? answer(204) : answer(200, { etag }, "<Done/>");
  };
  return backend;
}

describe("probeCopies", () => {
  it("finds out which conditions are heeded, and leaves nothing behind", async () => {
    const all = backendThatHeeds(["if-match", "x-amz-copy-source-if-match"]);
    const heeded = { source: true, target: true, completion: true, put: true, putLocks: false };
    assert.deepEqual(await probeCopies(all, "photos"), heeded);
    assert.equal(all.last("DELETE").request.query?.length ?? 0, 0);
    const keys = new Set(all.kept.map(({ request }) => request.key));
    assert.equal(keys.size, 1);
    const none = NO_CONDITIONS;
    assert.deepEqual(await probeCopies(backendThatHeeds([]), "photos"), none);
    const some = await probeCopies(backendThatHeeds(["x-amz-copy-source-if-match"]), "photos");
    assert.deepEqual(some, { ...none, source: true });
  });

  it("asks for what takes longest only where it is wanted, and once for buckets of a kind", async () => {
    const backend = backendThatHeeds(["if-match", "x-amz-copy-source-if-match"]);
    const without = await probeCopies(backend, "photos", { isPutAsked: false });
    assert.deepEqual([without.target, without.put], [true, false]);
    const knownPuts = new Map([["plain", { isHeeded: true, isLocking: true }]] as const);
    const before = backend.kept.length;
    const known = await probeCopies(backend, "photos", { knownPuts });
    assert.deepEqual([known.put, known.putLocks], [true, true]);
    assert.ok(!backend.kept.slice(before).some(({ body }) => body.byteLength > 1000));
  });

  it("removes versions of copies that the backend did not tell", async () => {
    const backend = backendThatHeeds([]);
    const { intercept } = backend;
    const listed = ["v1", "v2"].map((id) => `<Version><VersionId>${id}</VersionId></Version>`);
    const marker = "<DeleteMarker><VersionId>d</VersionId></DeleteMarker>";
    backend.intercept = (request) => {
      if (request.method === "GET") return answer(200, {}, `<R>${listed.join("")}${marker}</R>`);
      const isCopy = request.headers?.["x-amz-copy-source"] !== undefined;
      if (request.method !== "PUT" || isCopy) return intercept(request);
      return answer(200, { etag: '"e"', "x-amz-version-id": "v1" });
    };
    await probeCopies(backend, "photos");
    const deleted = backend.kept
      .filter(({ request: { method, query = [] } }) => {
        return method === "DELETE" && query.some(([name]) => name === "versionId");
      })
      .map(({ request: { query = [] } }) => query[0]?.[1]);
    assert.deepEqual(deleted, ["v1", "v2", "d"]);
  });

  it("takes a backend that refuses every condition for one that heeds none", async () => {
    const backend = backendThatHeeds([]);
    const { intercept } = backend;
    backend.intercept = (request) =>
      request.headers?.["if-match"] === undefined ? intercept(request) : answer(501);
    const { target, put } = await probeCopies(backend, "photos");
    assert.deepEqual([target, put], [false, false]);
  });

  it("throws where the bucket takes nothing", async () => {
    const backend = new MemoryBackend();
    await assert.rejects(probeCopies(backend, "missing"), { code: "backend.refused" });
  });
});
