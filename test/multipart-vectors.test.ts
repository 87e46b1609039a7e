import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeHeader, encodeHeader } from "../shared/src/format/header.ts";
import {
  decodeManifest,
  encodeManifest,
  type Manifest,
  totalSizeOf,
} from "../shared/src/format/manifest.ts";
import {
  listedPlaintextSizeOf,
  maxRegionBytesOf,
  multipartStoredSizeOf,
} from "../shared/src/format/sizes.ts";
import type { Body } from "../shared/src/http/body.ts";
import { openWithNonce } from "../shared/src/sealing/aead.ts";
import { bindingOf, unpackPayload } from "../shared/src/sealing/envelope.ts";
import { openRegion, sealRegion } from "../shared/src/sealing/manifest-region.ts";
import { deriveObjectKeys, headerMac, openHeader } from "../shared/src/sealing/object-keys.ts";
import { openParts, partsSpanOf, sealPart } from "../shared/src/sealing/parts.ts";
import { assertOpens, assertRefuses, drain, inOddPieces, isIntegrity } from "./cut-bodies.ts";
import {
  CHUNK,
  checksumByHand,
  keysByHand,
  patternByHand,
  unwrapByHand,
} from "./format-by-hand.ts";
import { measured } from "./format-vector.ts";
import {
  type MultipartVector,
  multipartStoredOf,
  plaintextsOf,
  readMultipartVectors,
  sealMultipart,
  sizeOf,
} from "./multipart-vector.ts";

const vectors = readMultipartVectors();
const having = (expect: MultipartVector["expect"]) =>
  [...vectors].filter(([, vector]) => vector.expect === expect);
const hex = (text: string) => Buffer.from(text, "hex");

/** The keys a reader gets: out of the envelope. */
function opening({ kek, header: value, place }: MultipartVector) {
  const header = decodeHeader(value);
  const binding = bindingOf({ ...header, place });
  const payload = unwrapByHand(hex(kek), header.wrappedKey, binding) ?? Buffer.alloc(0);
  return { keys: openHeader(header, unpackPayload(payload, binding)), suite: header.suite };
}

/** Reads the manifest as a reader does: from as many last bytes as it can take. */
function manifestOf(vector: MultipartVector, stored: Buffer): Manifest {
  const { backendParts: partCount } = vector;
  const tail = stored.subarray(-maxRegionBytesOf(partCount));
  return openRegion(tail, opening(vector), { storedSize: stored.byteLength, partCount });
}

function saidManifest({ parts, manifest }: MultipartVector): Manifest {
  const { md5OfMd5s, checksum } = manifest;
  return {
    parts: parts.map(({ partNumber, size, salt, checksum: own }) => ({
      partNumber,
      size,
      salt: hex(salt),
      ...(own === undefined ? {} : { checksum: hex(own) }),
    })),
    ...(md5OfMd5s === undefined ? {} : { md5OfMd5s: hex(md5OfMd5s) }),
    ...(checksum
      ? {
          checksumAlgorithm: checksum.algorithm,
          checksum: { type: checksum.type, value: hex(checksum.value) },
        }
      : {}),
  };
}

function openedWhole(vector: MultipartVector, stored: Buffer, body: Body): Body {
  const manifest = manifestOf(vector, stored);
  const span = partsSpanOf(manifest, { offset: 0, length: totalSizeOf(manifest.parts) });
  const surplus = stored.byteLength - span.storedLength;
  return openParts(body, opening(vector), {
    span,
    lead: span.storedOffset,
    surplus: surplus - span.storedOffset,
  });
}

/** Offsets around every part's and every chunk's border. */
function borders({ parts }: MultipartVector): number[] {
  let at = 0;
  const found = new Set<number>();
  for (const { size } of parts) {
    for (const border of [0, CHUNK, size].filter((place) => place <= size)) {
      for (const by of [-1, 0, 1]) found.add(at + border + by);
    }
    at += size;
  }
  return [...found].filter((place) => place >= 0 && place <= at).sort((a, b) => a - b);
}

describe("multipart vectors of format 2", () => {
  it("are all there, and what they say of themselves is true", () => {
    assert.ok(vectors.size >= 90, `${vectors.size} vectors`);
    for (const [name, vector] of vectors) {
      const { bytes, sha256: digest } = vector.stored;
      assert.deepEqual(
        measured(multipartStoredOf(vector, vectors)),
        { bytes, sha256: digest },
        name,
      );
      assert.deepEqual(measured(patternByHand(sizeOf(vector.parts))), vector.plaintext, name);
      assert.equal(vector.failsAt === undefined, vector.expect === "success", name);
    }
  });

  for (const [name, vector] of having("success")) {
    const stored = multipartStoredOf(vector, vectors);

    it(`${name}: opens, ${vector.description}`, async () => {
      const manifest = manifestOf(vector, stored);
      const { byteLength: length } = encodeManifest(saidManifest(vector), 200_000);
      assert.ok(
        encodeManifest(manifest, length).equals(encodeManifest(saidManifest(vector), length)),
      );
      await assertOpens(stored, vector.plaintext, (body) => openedWhole(vector, stored, body));
    });

    it(`${name}: opens range by range, from the covering chunks alone`, async () => {
      const manifest = manifestOf(vector, stored);
      const whole = patternByHand(vector.plaintext.bytes);
      const ends = borders(vector);
      const ranges = ends.flatMap((offset) =>
        ends.filter((end) => end > offset).map((end) => [offset, end] as const),
      );
      for (const [offset, end] of ranges.filter(
        (_, index) => ranges.length < 400 || index % 7 === 0,
      )) {
        const span = partsSpanOf(manifest, { offset, length: end - offset });
        const part = stored.subarray(span.storedOffset).subarray(0, span.storedLength);
        const body = inOddPieces(part);
        const opened = await drain(openParts(body, opening(vector), { span, lead: 0, surplus: 0 }));
        assert.equal(opened.error, undefined, `${offset}-${end}`);
        assert.ok(opened.bytes.equals(whole.subarray(offset, end)), `${offset}-${end}`);
      }
    });

    it(`${name}: is what we seal and what the text of the format gives`, async () => {
      const header = decodeHeader(vector.header);
      const keys = deriveObjectKeys(hex(vector.dataKey), header);
      const { suite } = header;
      assert.equal(header.plaintextSize, undefined);
      assert.equal(
        encodeHeader(header, (input) => headerMac(keys, input)),
        vector.header,
      );
      const plaintexts = plaintextsOf(vector.parts);
      const sealed: Buffer[] = [];
      for (const [index, part] of vector.parts.entries()) {
        const plaintext = plaintexts[index] ?? Buffer.alloc(0);
        const attempt = { ...part, salt: hex(part.salt) };
        const body = inOddPieces(plaintext);
        sealed.push((await drain(sealPart(body, { keys, suite }, attempt))).bytes);
      }
      sealed.push(sealRegion(saidManifest(vector), { keys, suite }, vector.backendParts));
      assert.ok(Buffer.concat(sealed).equals(stored));
      const byHand = keysByHand(hex(vector.dataKey), { ...header, objectId: header.objectId });
      assert.ok(sealMultipart({ ...vector, suite, keys: byHand }).equals(stored));
    });

    it(`${name}: has a size that follows from what a listing shows, and true sums`, () => {
      const { bytes: size } = vector.plaintext;
      assert.equal(multipartStoredSizeOf(size, vector.backendParts), stored.byteLength);
      const etag = `"${"0".repeat(32)}-${vector.backendParts}"`;
      assert.equal(listedPlaintextSizeOf(stored.byteLength, etag), size);
      const plaintexts = plaintextsOf(vector.parts);
      const { md5OfMd5s, checksum } = vector.manifest;
      const digests = (digest: Parameters<typeof checksumByHand>[0]) =>
        Buffer.concat(plaintexts.map((plaintext) => checksumByHand(digest, plaintext)));
      if (md5OfMd5s) assert.equal(md5OfMd5s, checksumByHand("md5", digests("md5")).toString("hex"));
      if (!checksum) return;
      const { algorithm, type, value } = checksum;
      const summed = type === "COMPOSITE" ? digests(algorithm) : patternByHand(size);
      assert.equal(value, checksumByHand(algorithm, summed).toString("hex"));
    });
  }

  for (const [name, vector] of having("wrong key")) {
    it(`${name}: is refused, ${vector.description}`, () => {
      assert.throws(() => opening(vector), isIntegrity);
    });
  }

  for (const [name, vector] of having("manifest failure")) {
    it(`${name}: is refused before anything is released, ${vector.description}`, () => {
      const stored = multipartStoredOf(vector, vectors);
      assert.throws(() => manifestOf(vector, stored), isIntegrity);
      if (vector.failsAt !== "manifest") return;
      // It is the content that is refused: the region itself opens.
      const length = stored.readUInt32BE(stored.byteLength - 8);
      const region = stored.subarray(stored.byteLength - length);
      const { keys, suite } = opening(vector);
      const nonce = region.subarray(-20, -8);
      const plain = openWithNonce({ suite, key: keys.manifestKey }, nonce, region.subarray(0, -20));
      assert.throws(() => decodeManifest(plain), isIntegrity);
    });
  }

  for (const [name, vector] of having("payload failure")) {
    it(`${name}: is refused, ${vector.description}`, async () => {
      const stored = multipartStoredOf(vector, vectors);
      await assertRefuses(stored, vector, (body) => openedWhole(vector, stored, body));
    });
  }
});
