import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import type { BackendRequest } from "@s3eg/shared/backend/backend.ts";
import type { LegacyKeySource } from "@s3eg/shared/legacy/legacy-object.ts";
import { describeLegacy, isLegacy, openLegacyObject } from "../../src/legacy/read-legacy.ts";
import { answerOf, MemoryBackend } from "../memory-backend.ts";
import { StandInKeys } from "../stand-in-keys.ts";
import {
  bytesOfBody,
  CHUNK,
  chunked,
  DATA_KEY,
  headersOf,
  manifestOf,
  patterned,
  withFront,
} from "./sealed-legacy.ts";

const plain = patterned(CHUNK + 9);
const request: BackendRequest = { method: "GET", bucket: "b", key: "k", requestId: "r" };
const target = { bucket: "b", key: "k" };
const head = {
  ...{ target, place: target, headers: {}, query: [] },
  contents: "sealed+legacy",
} as const;

/** A backend with an object of format 1, and rooms to read it in. */
function reading(wish: Record<string, string> = {}) {
  const asked: [LegacyKeySource, string][] = [];
  const backend = new MemoryBackend();
  const manifest = { "encryption-chunked": "true", "encryption-manifest": manifestOf() };
  backend.put("k", chunked(plain), {
    ...headersOf({ ...manifest, "encryption-content-type": "text/x", ...wish }),
    "x-amz-meta-mine": "shown",
    "content-type": "binary/octet-stream",
  });
  const dataKeys = {
    ...new StandInKeys().dataKeys,
    async legacy(source: LegacyKeySource, requestId: string) {
      asked.push([source, requestId]);
      return await Promise.resolve([Buffer.from(DATA_KEY)]);
    },
  };
  const legacy = { acceptsForgeable: false, contentTypes: [] };
  const answered = async (method: BackendRequest["method"] = "GET") => {
    const sent = { ...request, method };
    return { request: sent, response: await backend.send(sent), requestId: "r" };
  };
  return { rooms: { backend, dataKeys, legacy }, asked, answered };
}

describe("an object of format 1", () => {
  it("is known by its marks", () => {
    assert.equal(isLegacy(answerOf(200, headersOf())), true);
    assert.equal(isLegacy(answerOf(200, { "x-amz-meta-encrypted-mpu": "true" })), true);
    assert.equal(isLegacy(answerOf(200, headersOf({ encrypted: undefined }))), false);
  });

  it("is opened where the policy lets it be read", async () => {
    for (const contents of ["sealed+legacy", "mixed", "pass-through"] as const) {
      const { rooms, asked, answered } = reading();
      const { result, body, sizeBytes } = await openLegacyObject(rooms, await answered(), {
        ...head,
        contents,
      });
      assert.ok((await bytesOfBody(body)).equals(plain));
      assert.equal(sizeBytes, plain.length);
      assert.deepEqual([result.size, result.isSealed], [plain.length, true]);
      assert.equal(result.headers["content-type"], "text/x");
      assert.equal(result.headers["x-amz-meta-mine"], "shown");
      assert.deepEqual(
        Object.keys(result.headers).filter((name) => name.includes("encrypt")),
        [],
      );
      assert.equal(asked.length, 1);
      assert.equal(asked[0]?.[1], "r");
    }
  });

  it("is refused where it does not, before any key is asked for", async () => {
    const { rooms, asked, answered } = reading();
    await assert.rejects(
      openLegacyObject(rooms, await answered(), { ...head, contents: "sealed" }),
      {
        code: "crypto.not-sealed",
        message: /contents: sealed\+legacy/,
      },
    );
    assert.equal(asked.length, 0);
  });

  it("has one part, and ranges", async () => {
    const { rooms, answered } = reading();
    const whole = await openLegacyObject(rooms, await answered(), { ...head, part: 1 });
    assert.equal(whole.sizeBytes, plain.length);
    await assert.rejects(openLegacyObject(rooms, await answered(), { ...head, part: 2 }));
    const range = { first: CHUNK, last: CHUNK + 3 };
    const { result, body, sizeBytes } = await openLegacyObject(rooms, await answered(), {
      ...head,
      range,
    });
    assert.deepEqual(result.range, { offset: CHUNK, length: 4 });
    assert.equal(sizeBytes, 4);
    assert.ok((await bytesOfBody(body)).equals(plain.subarray(CHUNK, CHUNK + 4)));
  });
});

describe("what is told of an object of format 1", () => {
  const size = { "encryption-original-size": String(plain.length) };

  it("is what is recorded, without a key or a byte", async () => {
    const md5 = hash("md5", plain);
    const { rooms, asked, answered } = reading({ ...size, "encryption-original-etag": md5 });
    const facts = await describeLegacy(rooms, await answered("HEAD"));
    assert.deepEqual(facts, { size: plain.length, isSealed: true, etag: md5 });
    assert.equal(asked.length, 0);
    assert.equal(rooms.backend.requests.length, 1);
  });

  it("is no ETag where a SHA-256 is recorded, or nothing", async () => {
    for (const wish of [{}, { "encryption-original-etag": hash("sha256", plain) }]) {
      const { rooms, answered } = reading({ ...size, ...wish });
      const facts = await describeLegacy(rooms, await answered("HEAD"));
      assert.deepEqual(facts, { size: plain.length, isSealed: true });
    }
  });

  it("follows from the stored size where nothing is recorded", async () => {
    const { rooms, asked, answered } = reading();
    const facts = await describeLegacy(rooms, await answered("HEAD"));
    assert.deepEqual(facts, { size: plain.length, isSealed: true });
    assert.equal(asked.length, 0);
  });

  it("is what opening tells where neither tells it", async () => {
    const { rooms, asked, answered } = reading();
    const front = headersOf({ "encryption-chunked": "true", "encryption-manifest": manifestOf() });
    const marks = { "encryption-fallback": "true", "encryption-fallback-version": "2" };
    rooms.backend.put("k", withFront(front, chunked(plain)), headersOf(marks));
    const facts = await describeLegacy(rooms, await answered("HEAD"));
    assert.deepEqual(facts, { size: plain.length, isSealed: true });
    assert.equal(asked.length, 1);
  });

  it("is nothing of an object that was cut", async () => {
    const { rooms, answered } = reading({ "encryption-original-size": String(plain.length + 1) });
    await assert.rejects(describeLegacy(rooms, await answered("HEAD")), {
      code: "crypto.integrity",
    });
  });
});
