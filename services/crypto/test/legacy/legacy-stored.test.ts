import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BackendRequest } from "@s3eg/shared/backend/backend.ts";
import { legacyStored } from "../../src/legacy/legacy-stored.ts";
import { answerOf, MemoryBackend } from "../memory-backend.ts";
import { bytesOfBody } from "./sealed-legacy.ts";

const BYTES = Buffer.from("0123456789");
const request: BackendRequest = {
  method: "GET",
  bucket: "b",
  key: "k",
  query: [
    ["versionId", "v7"],
    ["response-content-type", "text/x"],
  ],
  headers: { "x-amz-request-payer": "requester", "if-none-match": '"x"', range: "bytes=0-1" },
  identity: "ID",
  requestId: "r",
};

async function seen(wish: Partial<BackendRequest> = {}, backend = new MemoryBackend()) {
  if (!backend.objects.has("k")) backend.put("k", BYTES, { "x-amz-meta-encrypted": "true" });
  const asked = { ...request, headers: {}, ...wish };
  const stored = legacyStored(backend, { ...request, ...wish }, await backend.send(asked));
  backend.requests.length = 0;
  return { backend, stored };
}

describe("a stored object of format 1", () => {
  it("gives the bytes of its first answer, once", async () => {
    const { backend, stored } = await seen();
    assert.equal(stored.storedBytes, 10);
    assert.equal((await bytesOfBody(await stored.read(0, 10))).toString(), "0123456789");
    assert.equal(backend.requests.length, 0);
    assert.equal((await bytesOfBody(await stored.read(0, 10))).toString(), "0123456789");
    assert.equal(backend.requests.length, 1);
  });

  it("asks for more of the very object that was seen", async () => {
    const { backend, stored } = await seen();
    assert.equal((await bytesOfBody(await stored.read(2, 5))).toString(), "234");
    const [{ headers, query, method, identity } = request] = backend.requests;
    assert.equal(method, "GET");
    assert.equal(identity, "ID");
    assert.deepEqual(query, [["versionId", "v7"]]);
    assert.deepEqual(headers, {
      "x-amz-request-payer": "requester",
      range: "bytes=2-4",
      "if-match": backend.objects.get("k")?.etag,
    });
    assert.equal((await bytesOfBody(await stored.read(3, 3))).length, 0);
    assert.equal(backend.requests.length, 1);
  });

  it("knows its whole size from the answer to a HEAD and to a range", async () => {
    for (const wish of [{ method: "HEAD" }, { headers: { range: "bytes=4-6" } }] as const) {
      const { stored } = await seen(wish);
      assert.equal(stored.storedBytes, 10);
      assert.equal((await bytesOfBody(await stored.read(0, 10))).toString(), "0123456789");
    }
    const backend = new MemoryBackend();
    const headless = answerOf(200, { "content-length": "x" });
    assert.throws(() => legacyStored(backend, request, headless), { code: "backend.unavailable" });
  });

  it("that was replaced, or is gone, is said to have changed", async () => {
    for (const change of [
      (backend: MemoryBackend) => void backend.put("k", Buffer.from("other")),
      (backend: MemoryBackend) => void backend.objects.delete("k"),
      (backend: MemoryBackend) => {
        backend.intercept = (answer) => ({
          ...answer,
          headers: { ...answer.headers, etag: '"y"' },
        });
      },
    ]) {
      const { backend, stored } = await seen();
      change(backend);
      await assert.rejects(stored.read(1, 2), { code: "backend.changed" });
    }
  });

  it("is not taken from an answer about another range", async () => {
    const etag = (await seen()).backend.objects.get("k")?.etag ?? "";
    for (const answer of [
      answerOf(206, { etag, "content-range": "bytes 0-1/10" }, Buffer.from("12")),
      answerOf(206, { etag, "content-range": "bytes 1-3/10" }, Buffer.from("123")),
      answerOf(206, { etag }, Buffer.from("12")),
      answerOf(200, { etag }, BYTES),
    ]) {
      const { backend, stored } = await seen();
      backend.intercept = () => answer;
      await assert.rejects(stored.read(1, 3), { code: "backend.unavailable" });
    }
    const { backend, stored } = await seen({ method: "HEAD" });
    backend.intercept = () => answerOf(503);
    await assert.rejects(stored.read(0, 10));
  });

  it("has the manifest beside it under its own name, without version or condition", async () => {
    const { backend, stored } = await seen();
    await assert.rejects(stored.companion(), { code: "crypto.integrity" });
    backend.put("k.mpu-manifest", Buffer.from("{}"));
    const companion = await stored.companion();
    assert.equal((await bytesOfBody(await companion.read(0, 2))).toString(), "{}");
    const asked = backend.requests.at(-1);
    assert.equal(asked?.key, "k.mpu-manifest");
    assert.deepEqual(asked.query, []);
    assert.deepEqual(asked.headers, { "x-amz-request-payer": "requester" });
    backend.intercept = () => answerOf(503);
    await assert.rejects(stored.companion());
  });
});
