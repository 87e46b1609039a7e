import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { companionKeyOf } from "@s3eg/shared/format/companion.ts";
import { decodeHeader } from "@s3eg/shared/format/header.ts";
import { FLAG, HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { sealedPartSizeOf } from "@s3eg/shared/format/sizes.ts";
import { bodyOfBytes } from "@s3eg/shared/http/body.ts";
import { sealRegion } from "@s3eg/shared/sealing/manifest-region.ts";
import { sealPart } from "@s3eg/shared/sealing/parts.ts";
import {
  dropCompanion,
  hasMadeObject,
  storeCompanion,
} from "../../src/multipart/companion-manifest.ts";
import { answerOf, MemoryBackend } from "../memory-backend.ts";
import { anUpload, faultOf } from "../multipart-state/state-contract.ts";
import { MIN_PART, RunningUploads, refusedAs } from "./running-uploads.ts";

const BIG = Buffer.alloc(MIN_PART, 7);
const SMALL = Buffer.from("a small part");
const EQUAL = { needsEqualParts: true };

/** The companion of the object, or of the upload that is to make it. */
function companionOf(uploads: RunningUploads) {
  const keys = [...uploads.backend.objects.keys()].filter((key) => key !== "k");
  assert.ok(keys.length <= 1);
  return keys[0];
}

async function begun(uploads: RunningUploads, bodies: readonly Buffer[]) {
  const { uploadId } = await uploads.create();
  const named = [];
  for (const [index, body] of bodies.entries()) {
    named.push(await uploads.part(uploadId, index + 1, body));
  }
  return { uploadId, named };
}

describe("an upload to a backend that wants parts of one size", () => {
  it("has its manifest beside the object, and every part as the client made it", async () => {
    await using uploads = new RunningUploads(EQUAL);
    const bodies = [BIG, BIG, SMALL];
    const { uploadId, named } = await begun(uploads, bodies);
    assert.equal(uploads.backend.uploads.get(uploadId)?.parts.size, 3);
    const { etag } = await uploads.complete(uploadId, named);
    const { bytes, headers } = uploads.stored();
    const header = headers[HEADER_FIELD] ?? "";
    assert.equal(decodeHeader(header).flags, FLAG.multipart | FLAG.companionManifest);
    assert.equal(companionOf(uploads), companionKeyOf("k", header));
    const sizes = bodies.map(({ byteLength }) => sealedPartSizeOf(byteLength));
    assert.equal(
      bytes.byteLength,
      sizes.reduce((sum, size) => sum + size, 0),
    );
    assert.match(etag, /-3"$/);
    const whole = Buffer.concat(bodies);
    assert.ok((await uploads.crypto.open("k")).bytes.equals(whole));
    const at = whole.byteLength - 20;
    const range = { first: at, last: at + 5 };
    const got = await uploads.crypto.open("k", { range });
    assert.ok(got.bytes.equals(whole.subarray(at, at + 6)));
  });

  it("is not readable with another companion, or without", async () => {
    await using uploads = new RunningUploads(EQUAL);
    const { uploadId, named } = await begun(uploads, [BIG, SMALL]);
    await uploads.complete(uploadId, named);
    const key = companionOf(uploads) ?? "";
    const companion = uploads.backend.objects.get(key);
    assert.ok(companion);
    for (const bytes of [
      companion.bytes.subarray(1),
      Buffer.concat([companion.bytes, companion.bytes]),
      Buffer.from(companion.bytes.map((byte, at) => (at === 3 ? byte ^ 1 : byte))),
      Buffer.alloc(0),
    ]) {
      uploads.backend.objects.set(key, { ...companion, bytes });
      await assert.rejects(uploads.crypto.open("k"), faultOf("crypto.integrity"));
    }
    uploads.backend.objects.delete(key);
    await assert.rejects(uploads.crypto.open("k"), faultOf("crypto.integrity"));
  });

  it("gives the same answer when its Complete comes again", async () => {
    await using uploads = new RunningUploads(EQUAL);
    const { uploadId, named } = await begun(uploads, [BIG, SMALL]);
    const { complete } = uploads.state;
    uploads.state.complete = () => Promise.reject(new Error("killed"));
    await assert.rejects(uploads.complete(uploadId, named));
    uploads.state.complete = complete;
    const { etag } = await uploads.complete(uploadId, named);
    assert.equal(etag, uploads.stored().etag);
    assert.ok(companionOf(uploads));
  });

  it("is completed with one list at a time, so that no manifest takes the place of another", async () => {
    await using uploads = new RunningUploads(EQUAL);
    const { uploadId, named } = await begun(uploads, [BIG, SMALL]);
    uploads.backend.intercept = (answer, { method }) =>
      method === "POST" ? answerOf(500) : answer;
    const kept = uploads.backend.uploads.get(uploadId);
    assert.ok(kept);
    await assert.rejects(uploads.complete(uploadId, named));
    uploads.backend.intercept = (answer) => answer;
    uploads.backend.uploads.set(uploadId, kept);
    uploads.backend.objects.delete("k");
    const other = uploads.complete(uploadId, named.slice(0, 1));
    await assert.rejects(other, refusedAs("OperationAborted"));
    await uploads.complete(uploadId, named);
    assert.ok((await uploads.crypto.open("k")).bytes.equals(Buffer.concat([BIG, SMALL])));
  });

  it("leaves no companion where the backend refuses, or the client aborts", async () => {
    await using uploads = new RunningUploads(EQUAL);
    const { uploadId, named } = await begun(uploads, [BIG, SMALL]);
    const kept = uploads.backend.uploads.get(uploadId);
    assert.ok(kept);
    uploads.backend.intercept = (answer, { method }) => {
      if (method !== "POST") return answer;
      uploads.backend.objects.delete("k");
      uploads.backend.uploads.set(uploadId, kept);
      return answerOf(412);
    };
    await assert.rejects(uploads.complete(uploadId, named), refusedAs("PreconditionFailed"));
    assert.equal(companionOf(uploads), undefined);
    uploads.backend.intercept = (answer, { method }) => {
      if (method !== "POST") return answer;
      uploads.backend.objects.delete("k");
      uploads.backend.uploads.set(uploadId, kept);
      return answerOf(503);
    };
    await assert.rejects(uploads.complete(uploadId, named), faultOf("backend.throttled"));
    assert.ok(companionOf(uploads));
    await uploads.abort(uploadId);
    assert.equal(companionOf(uploads), undefined);
  });

  it("is refused for a key that leaves no room for the companion's name", async () => {
    await using uploads = new RunningUploads(EQUAL);
    const target = { bucket: "b", key: "k".repeat(995) };
    await assert.rejects(uploads.create({ target }), refusedAs("KeyTooLongError"));
  });
});

describe("an object of ten thousand parts", () => {
  it("is read with the companion that holds its manifest, and not without", async () => {
    await using uploads = new RunningUploads();
    const { keys: issuing } = uploads.crypto;
    const [suite, count] = [1, 10_000] as const;
    const place = { bucket: "b", key: "k" };
    const object = { place, suite, flags: FLAG.multipart, size: undefined };
    const { header, keys } = await issuing.dataKeys.issue(object, "r");
    const parts = Array.from({ length: count }, (_, index) => ({
      partNumber: index + 1,
      size: 1,
      salt: Buffer.alloc(16, index),
    }));
    const pieces: Buffer[] = [];
    for (const part of parts) {
      const sealed = sealPart(bodyOfBytes(Buffer.of(part.partNumber % 251)), { keys, suite }, part);
      await sealed.pump((piece) => void pieces.push(Buffer.from(piece)));
    }
    const headers = { [HEADER_FIELD]: header };
    const etag = `"0123456789abcdef0123456789abcdef-${count}"`;
    const { objects } = uploads.backend;
    objects.set("k", { bytes: Buffer.concat(pieces), headers, etag });
    await assert.rejects(uploads.crypto.open("k"), faultOf("crypto.integrity"));
    const bytes = sealRegion({ parts }, { keys, suite }, count);
    objects.set(companionKeyOf("k", header), { bytes, headers: {}, etag: '"e"' });
    const whole = Buffer.from(parts.map(({ partNumber }) => partNumber % 251));
    assert.ok((await uploads.crypto.open("k")).bytes.equals(whole));
  });
});

describe("storeCompanion, dropCompanion and hasMadeObject", () => {
  const owner = { ...anUpload("u", "k"), header: "h", policy: {} };
  const key = companionKeyOf("k", "h");

  it("store once, and take the same for stored", async () => {
    const backend = new MemoryBackend();
    const region = Buffer.from("region");
    for (let time = 0; time < 2; time += 1) {
      await storeCompanion({ backend }, owner, { region, requestId: "r" });
    }
    assert.ok(backend.objects.get(key)?.bytes.equals(region));
    const other = storeCompanion({ backend }, owner, { region: SMALL, requestId: "r" });
    await assert.rejects(other, refusedAs("OperationAborted"));
    await dropCompanion({ backend }, owner, "r");
    await dropCompanion({ backend }, owner, "r");
    assert.equal(backend.objects.size, 0);
  });

  it("tell the upload's object from another's", async () => {
    const backend = new MemoryBackend();
    assert.equal(await hasMadeObject({ backend }, owner, "r"), false);
    backend.put("k", SMALL, { [HEADER_FIELD]: "other" });
    assert.equal(await hasMadeObject({ backend }, owner, "r"), false);
    backend.put("k", SMALL, { [HEADER_FIELD]: "h" });
    assert.equal(await hasMadeObject({ backend }, owner, "r"), true);
    backend.intercept = () => answerOf(403);
    await assert.rejects(hasMadeObject({ backend }, owner, "r"), refusedAs("AccessDenied"));
  });
});
