import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { openLegacy } from "../../src/legacy/open-legacy.ts";
import {
  assertOpens,
  chunkedHeaders,
  integrity,
  OTHER_KEY,
  plain,
  rooms,
  single,
} from "./legacy-rooms.ts";
import {
  aadOf,
  bytesOfBody,
  CHUNK,
  chunked,
  DATA_KEY,
  flipped,
  headersOf,
  MemoryStored,
  sealed,
  withFront,
} from "./sealed-legacy.ts";

describe("what format 1 does not open", () => {
  it("has no mark, is cut, or has a byte turned", async () => {
    await assert.rejects(openLegacy(rooms().all, new MemoryStored(plain, {})), {
      code: "crypto.not-sealed",
    });
    const bytes = chunked(plain);
    const size = { "encryption-original-size": String(plain.length) };
    const cut = new MemoryStored(bytes.subarray(0, CHUNK + 16), chunkedHeaders(size));
    await assert.rejects(openLegacy(rooms().all, cut), integrity);
    const spoiled = new MemoryStored(flipped(bytes, CHUNK + 40), chunkedHeaders(size));
    const opened = await openLegacy(rooms().all, spoiled);
    await assert.rejects(bytesOfBody(await opened.read(0, plain.length)), integrity);
    const message = single(plain);
    const turned = new MemoryStored(flipped(message.bytes, 5), message.headers);
    await assert.rejects(openLegacy(rooms().all, turned), integrity);
  });

  it("has metadata in front that is longer than the object, or than a MiB", async () => {
    const headers = headersOf({
      "encryption-fallback": "true",
      "encryption-fallback-version": "2",
    });
    const claiming = (length: number, size: number) => {
      const bytes = Buffer.alloc(size);
      bytes.writeUInt32BE(length);
      return bytes;
    };
    for (const bytes of [
      Buffer.alloc(3),
      claiming(100, 50),
      claiming(2 * 1024 * 1024, 3 * 1024 * 1024),
      // A list where the format has a map: what no writer of ours could be made to write.
      withFront([] as unknown as HeaderFields, plain),
    ]) {
      await assert.rejects(openLegacy(rooms().all, new MemoryStored(bytes, headers)), integrity);
    }
  });

  it("was sealed without associated data, unless the object or the settings say that it may", async () => {
    const headers = headersOf();
    const bytes = sealed(plain);
    await assert.rejects(openLegacy(rooms().all, new MemoryStored(bytes, headers)), integrity);
    await assertOpens(new MemoryStored(bytes, headers), plain, rooms({ acceptsForgeable: true }));
    await assertOpens(new MemoryStored(bytes, headersOf({ "enc-legacy-no-aad": "true" })));
    const inner = headersOf({ "encryption-fallback": "true" });
    const stored = new MemoryStored(sealed(withFront({}, plain)), inner);
    await assert.rejects(openLegacy(rooms({ acceptsForgeable: true }).all, stored), integrity);
  });

  it("needs keys that are not to be had", async () => {
    const away = new Fault("keys.unavailable", "away");
    const dataKeys = () => Promise.reject(away);
    for (const stored of [single(plain), new MemoryStored(chunked(plain), chunkedHeaders())]) {
      await assert.rejects(openLegacy(rooms({ dataKeys }).all, stored), away);
    }
    const none = { dataKeys: () => Promise.resolve([]) };
    const stored = new MemoryStored(chunked(plain), chunkedHeaders());
    await assert.rejects(openLegacy(rooms(none).all, stored), { code: "keys.unknown-key" });
  });
});

describe("where format 1 does not say", () => {
  it("which password it was, each is tried", async () => {
    const stored = [single(plain), new MemoryStored(chunked(plain), chunkedHeaders())];
    for (const each of stored) {
      await assertOpens(each, plain, rooms({}, OTHER_KEY, DATA_KEY));
      await assertOpens(each, plain, rooms({}, DATA_KEY, OTHER_KEY));
      const neither = rooms({}, OTHER_KEY, Buffer.alloc(32, 8));
      await assert.rejects(openLegacy(neither.all, each), integrity);
    }
  });

  it("which content type was authenticated, the likely ones are tried and then those of the settings", async () => {
    const typed = (type: string, headers: HeaderFields = {}) => {
      const own = headersOf({ "encryption-original-size": String(plain.length) });
      const aad = aadOf({ ...own, "x-amz-meta-encryption-content-type": type });
      return new MemoryStored(sealed(plain, { aad }), { ...own, ...headers });
    };
    for (const stored of [
      typed("text/x", { "content-type": "text/x" }),
      typed("text/y", { "content-type": "text/x", "x-amz-meta-content-type": "text/y" }),
      typed("application/octet-stream", { "content-type": "text/x" }),
      typed("binary/octet-stream"),
    ]) {
      await assertOpens(stored);
    }
    await assert.rejects(openLegacy(rooms().all, typed("text/z")), integrity);
    await assertOpens(typed("text/z"), plain, rooms({ contentTypes: ["text/a", "text/z"] }));
    const recorded = typed("text/z", { "x-amz-meta-encryption-content-type": "text/a" });
    const listed = rooms({ contentTypes: ["text/z"] });
    await assert.rejects(openLegacy(listed.all, recorded), integrity);
  });
});
