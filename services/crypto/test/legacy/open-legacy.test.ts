import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { partNonces } from "@s3eg/shared/legacy/legacy-nonces.ts";
import { legacyRange, openLegacy } from "../../src/legacy/open-legacy.ts";
import { assertOpens, chunkedHeaders, integrity, plain, rooms, single } from "./legacy-rooms.ts";
import {
  aadOf,
  bytesOfBody,
  CHUNK,
  chunked,
  DATA_KEY,
  headersOf,
  MemoryStored,
  manifestOf,
  NONCE,
  patterned,
  sealed,
  withFront,
  XOR,
} from "./sealed-legacy.ts";

/** An object in parts, of which the manifest lists `listed` and the object has `had`. */
function multipart(listed: readonly Buffer[], had = listed, change: object = {}) {
  const noncePrefix = Buffer.alloc(12, 5);
  const uploadIdHash = Buffer.from(hash("sha256", "upload"), "hex");
  const nonces = partNonces({ dataKey: DATA_KEY, uploadIdHash, noncePrefix });
  const sealedPart = (part: Buffer) =>
    chunked(part, { nonceOf: nonces(listed.indexOf(part) + 1), chunkBytes: 65_536 });
  const manifest = {
    ...{ v: 1, alg: "AES256-GCM", cs: 65_536, iv_prefix: noncePrefix.toString("hex") },
    uid_hash: uploadIdHash.toString("base64url"),
    wrapped_dek: JSON.stringify({ KeyID: "k", KeyVersion: 1, Provider: "p", Ciphertext: "AAAA" }),
    parts: listed.map((part, n) => ({
      pn: n + 1,
      plain_len: part.length,
      enc_len: sealedPart(part).length,
    })),
    ...change,
  };
  const stored = new MemoryStored(Buffer.concat(had.map(sealedPart)), {
    "x-amz-meta-encrypted-mpu": "true",
  });
  stored.beside = new MemoryStored(
    chunked(Buffer.from(JSON.stringify(manifest))),
    chunkedHeaders(),
  );
  return stored;
}

describe("opening format 1", () => {
  it("opens chunks, under nonces of either kind", async () => {
    await assertOpens(new MemoryStored(chunked(plain), chunkedHeaders()));
    const first = chunkedHeaders({ "encryption-manifest": manifestOf({ ivd: undefined }) });
    await assertOpens(new MemoryStored(chunked(plain, { nonceOf: XOR }), first));
  });

  it("reads of chunks no more than a range needs", async () => {
    const stored = new MemoryStored(chunked(plain), chunkedHeaders());
    const opened = await openLegacy(rooms().all, stored);
    await bytesOfBody(await opened.read(CHUNK, CHUNK + 1));
    assert.deepEqual(stored.reads, [[CHUNK + 16, 2 * (CHUNK + 16)]]);
  });

  it("opens one message, and metadata inside of one, with chunks of their own or without", async () => {
    await assertOpens(single(plain, { "encryption-content-type": "text/plain" }));
    const headers = headersOf({
      "encryption-fallback": "true",
      "encryption-content-type": "text/plain",
      "encryption-key-version": "3",
    });
    const aad = aadOf(headers, false);
    for (const front of [
      withFront({ "x-amz-meta-mine": "x" }, plain),
      withFront(chunkedHeaders(), chunked(plain)),
    ]) {
      await assertOpens(new MemoryStored(sealed(front, { aad }), headers));
    }
  });

  it("opens chunks behind metadata in clear, with what that metadata says", async () => {
    const headers = headersOf({
      "encryption-fallback": "true",
      "encryption-fallback-version": "2",
    });
    const front = chunkedHeaders({
      "encryption-wrapped-key": "AAAA",
      "encryption-kms-provider": "memory",
    });
    const with_ = rooms();
    await assertOpens(new MemoryStored(withFront(front, chunked(plain)), headers), plain, with_);
    assert.equal(with_.asked[0]?.kind, "wrapped");
  });

  it("opens compressed objects to their recorded size", async () => {
    const gzip = { "compression-enabled": "true", "compression-algorithm": "gzip" };
    const headers = headersOf({ ...gzip, "encryption-original-size": String(plain.length) });
    const bytes = sealed(gzipSync(plain), { aad: aadOf(headers) });
    await assertOpens(new MemoryStored(bytes, headers));
    const untold = headersOf(gzip);
    const unsized = new MemoryStored(sealed(gzipSync(plain), { aad: aadOf(untold) }), untold);
    await assert.rejects(openLegacy(rooms().all, unsized), integrity);
  });

  it("opens parts by their manifest, empty ones and such as were left out of Complete too", async () => {
    const parts = [patterned(70_000), Buffer.alloc(0), patterned(1234)];
    await assertOpens(multipart(parts), Buffer.concat(parts));
    const [first, , last] = parts;
    assert.ok(first && last);
    await assertOpens(multipart(parts, [last]), last);
  });

  it("refuses a manifest that makes no sense, is one of another, or too large", async () => {
    const parts = [patterned(10)];
    await assert.rejects(openLegacy(rooms().all, multipart(parts, parts, { v: 2 })), integrity);
    const chained = multipart(parts);
    chained.beside = multipart(parts);
    await assert.rejects(openLegacy(rooms().all, chained), integrity);
    const large = multipart(parts);
    large.beside = new MemoryStored(Buffer.alloc(5 * 1024 * 1024, 1), chunkedHeaders());
    await assert.rejects(openLegacy(rooms().all, large), integrity);
  });
});

describe("keys of format 1", () => {
  it("are wiped once they are used", async () => {
    for (const stored of [
      single(plain),
      new MemoryStored(chunked(plain), chunkedHeaders()),
      multipart([patterned(10)]),
    ]) {
      const given: Buffer[] = [];
      const dataKeys = async () => {
        const key = Buffer.from(DATA_KEY);
        given.push(key);
        return await Promise.resolve([key]);
      };
      await openLegacy(rooms({ dataKeys }).all, stored);
      assert.ok(given.length > 0 && given.every((key) => key.equals(Buffer.alloc(32))));
    }
  });
});

describe("a range of an object of format 1", () => {
  it("is resolved by its true size", async () => {
    const opened = await openLegacy(
      rooms().all,
      new MemoryStored(chunked(plain), chunkedHeaders()),
    );
    const size = plain.length;
    for (const [range, offset, length] of [
      [undefined, 0, size],
      [{ first: 5, last: 9 }, 5, 5],
      [{ first: CHUNK }, CHUNK, size - CHUNK],
      [{ suffix: 7 }, size - 7, 7],
      [{ first: 0, last: 9 * size }, 0, size],
    ] as const) {
      const found = await legacyRange(opened, range);
      assert.deepEqual([found.size, found.range], [size, { offset, length }]);
      const bytes = await bytesOfBody(found.body);
      assert.ok(bytes.equals(plain.subarray(offset, offset + length)));
    }
    await assert.rejects(legacyRange(opened, { first: size }));
    const empty = await openLegacy(
      rooms().all,
      new MemoryStored(Buffer.alloc(0), chunkedHeaders()),
    );
    assert.equal((await bytesOfBody((await legacyRange(empty, undefined)).body)).length, 0);
  });

  it("uses the nonce of the manifest", async () => {
    const elsewhere = chunkedHeaders({ "encryption-iv": Buffer.alloc(12, 7).toString("base64") });
    assert.notDeepEqual(NONCE, Buffer.alloc(12, 7));
    await assertOpens(new MemoryStored(chunked(plain), elsewhere));
  });
});
