import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeHeader, encodeHeader } from "../shared/src/format/header.ts";
import { MAX_OBJECT_BYTES, PROVIDERS } from "../shared/src/format/layout.ts";
import { chunkSpanOf, plaintextSizeOf, storedSizeOf } from "../shared/src/format/sizes.ts";
import { decodeTrailer, encodeTrailer, type Trailer } from "../shared/src/format/trailer.ts";
import type { Body } from "../shared/src/http/body.ts";
import { openOnce } from "../shared/src/sealing/aead.ts";
import { bindingOf, unpackPayload } from "../shared/src/sealing/envelope.ts";
import { deriveObjectKeys, headerMac, openHeader } from "../shared/src/sealing/object-keys.ts";
import { type OpenedRange, openBody } from "../shared/src/sealing/open.ts";
import { sealBody } from "../shared/src/sealing/seal.ts";
import { assertOpens, assertRefuses, drain, inOddPieces, isIntegrity } from "./cut-bodies.ts";
import {
  bindingByHand,
  CHUNK,
  checksumByHand,
  headerBytes,
  hmac,
  keysByHand,
  patternByHand,
  type RawHeader,
  sha256,
  trailerByHand,
  unwrapByHand,
} from "./format-by-hand.ts";
import {
  type FormatVector,
  measured,
  readVectors,
  sealPattern,
  storedOf,
  trailerBytes,
} from "./format-vector.ts";

const vectors = readVectors();
const having = (expect: FormatVector["expect"]) =>
  [...vectors].filter(([, vector]) => vector.expect === expect);
const hex = (text: string) => Buffer.from(text, "hex");

const stored = new Map([...vectors].map(([name, vector]) => [name, storedOf(vector, vectors)]));

function bytesOf(name: string): Buffer {
  return stored.get(name) ?? assert.fail(name);
}

/** The data key a reader gets: out of the envelope where there is a KEK. */
function dataKeyOf(vector: FormatVector): Buffer {
  if (vector.kek === undefined) return hex(vector.dataKey);
  const header = decodeHeader(vector.header);
  const binding = bindingOf({ ...header, place: vector.place });
  const payload = unwrapByHand(hex(vector.kek), header.wrappedKey, binding);
  return unpackPayload(payload ?? Buffer.alloc(0), binding);
}

function opening(vector: FormatVector) {
  const header = decodeHeader(vector.header);
  const keys = openHeader(header, dataKeyOf(vector));
  return { keys, suite: header.suite, size: header.plaintextSize ?? assert.fail("no size") };
}

function rawOf(vector: FormatVector): RawHeader {
  const header = decodeHeader(vector.header);
  return {
    version: 2,
    suite: header.suite,
    flags: header.flags,
    objectId: Buffer.from(header.objectId),
    commitment: Buffer.from(header.commitment),
    plaintextSize: BigInt(header.plaintextSize ?? 0),
    createdAtMs: BigInt(header.createdAtMs),
    provider: Buffer.from(header.provider),
    keyId: Buffer.from(header.keyId),
    keyVersion: header.keyVersion,
    wrappedKey: Buffer.from(header.wrappedKey),
  };
}

function trailerOf({ md5, checksum }: FormatVector["trailer"]): Trailer {
  return {
    ...(md5 === undefined ? {} : { md5: hex(md5) }),
    ...(checksum === undefined ? {} : { checksum: { ...checksum, value: hex(checksum.value) } }),
  };
}

describe("format 2 vectors", () => {
  it("are all there, and what they say of themselves is true", () => {
    assert.ok(vectors.size >= 96, `${vectors.size} vectors`);
    for (const [name, vector] of vectors) {
      const { bytes, sha256: digest } = vector.stored;
      assert.deepEqual(measured(bytesOf(name)), { bytes, sha256: digest }, name);
      assert.deepEqual(measured(patternByHand(vector.plaintext.bytes)), vector.plaintext, name);
      assert.equal(vector.failsAt === undefined, vector.expect === "success", name);
    }
  });

  for (const [name, vector] of having("success")) {
    it(`${name}: opens, ${vector.description}`, async () => {
      const open = (body: Body) => openBody(body, opening(vector));
      await assertOpens(bytesOf(name), vector.plaintext, open);
      const { keys, suite } = opening(vector);
      const sealed = bytesOf(name).subarray(-128);
      const trailer = decodeTrailer(openOnce({ suite, key: keys.trailerKey }, sealed));
      assert.ok(encodeTrailer(trailer).equals(encodeTrailer(trailerOf(vector.trailer))));
    });

    it(`${name}: opens range by range`, async () => {
      const { bytes: size } = vector.plaintext;
      const ends = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, size - 1, size];
      const offsets = ends.filter((offset) => offset >= 0 && offset < size);
      for (const offset of offsets) {
        for (const end of ends.filter((at) => at > offset && at <= size)) {
          const span = chunkSpanOf(offset, end - offset, size);
          const part = bytesOf(name).subarray(span.storedOffset).subarray(0, span.storedLength);
          const range: OpenedRange = { span, length: end - offset, lead: 0, surplus: 0 };
          const opened = await drain(openBody(inOddPieces(part), { ...opening(vector), range }));
          assert.equal(opened.error, undefined);
          assert.ok(opened.bytes.equals(patternByHand(size).subarray(offset, end)));
        }
      }
    });

    it(`${name}: is what we seal and what the text of the format gives`, async () => {
      const header = decodeHeader(vector.header);
      const raw = rawOf(vector);
      const byHand = keysByHand(hex(vector.dataKey), raw);
      const keys = deriveObjectKeys(hex(vector.dataKey), header);
      for (const key of ["headerKey", "dataKey", "trailerKey"] as const) {
        assert.ok(keys[key].export().equals(byHand[key]), key);
      }
      // Sealed metadata are no input of the derivation: the vector's key is theirs as well.
      const { metadataKey } = deriveObjectKeys(hex(vector.dataKey), { ...header, flags: 2 });
      assert.ok(metadataKey.export().equals(byHand.metadataKey));
      assert.ok(keys.commitment.equals(byHand.commitment));
      assert.ok(byHand.commitment.equals(raw.commitment));
      const macInput = headerBytes(raw);
      const value = Buffer.concat([macInput, hmac(byHand.headerKey, macInput)]);
      assert.equal(value.toString("base64url"), vector.header);
      assert.equal(
        encodeHeader(header, (input) => headerMac(keys, input)),
        vector.header,
      );
      const { place, trailer } = vector;
      assert.ok(bindingOf({ ...header, place }).equals(bindingByHand(raw, place)));
      const size = vector.plaintext.bytes;
      assert.equal(storedSizeOf(size), vector.stored.bytes);
      assert.equal(plaintextSizeOf(vector.stored.bytes), size);
      const sealing = { keys, suite: header.suite, size, trailer: () => trailerOf(trailer) };
      const sealed = await drain(sealBody(inOddPieces(patternByHand(size)), sealing));
      assert.equal(sealed.error, undefined);
      assert.ok(sealed.bytes.equals(bytesOf(name)));
      const again = sealPattern({
        suite: raw.suite,
        keys: byHand,
        size,
        trailer: trailerBytes(trailer),
      });
      assert.ok(again.equals(bytesOf(name)));
      const { checksum, md5 } = trailer;
      const digest = (algorithm: Parameters<typeof checksumByHand>[0]) =>
        checksumByHand(algorithm, patternByHand(size)).toString("hex");
      if (md5 !== undefined) assert.equal(md5, digest("md5"));
      if (checksum) assert.equal(checksum.value, digest(checksum.algorithm));
    });
  }

  for (const [name, vector] of having("header failure")) {
    it(`${name}: is refused at ${vector.failsAt}, ${vector.description}`, () => {
      const { failsAt } = vector;
      if (failsAt === "parse") {
        assert.throws(() => decodeHeader(vector.header), isIntegrity);
        return;
      }
      const header = decodeHeader(vector.header);
      if (failsAt === "envelope") {
        assert.throws(() => dataKeyOf(vector), isIntegrity);
        return;
      }
      assert.equal(failsAt, "mac");
      const dataKey = dataKeyOf(vector);
      assert.ok(deriveObjectKeys(dataKey, header).commitment.equals(header.commitment));
      assert.throws(() => openHeader(header, dataKey), isIntegrity);
    });
  }

  for (const [name, vector] of having("wrong key")) {
    it(`${name}: is refused, ${vector.description}`, () => {
      const header = decodeHeader(vector.header);
      const dataKey = dataKeyOf(vector);
      assert.ok(
        !keysByHand(dataKey, rawOf(vector)).commitment.equals(Buffer.from(header.commitment)),
      );
      assert.throws(() => openHeader(header, dataKey), isIntegrity);
    });
  }

  for (const [name, vector] of having("payload failure")) {
    it(`${name}: is refused, ${vector.description}`, async () => {
      const { keys, suite } = opening(vector);
      if (vector.failsAt === "trailer") {
        const content = openOnce({ suite, key: keys.trailerKey }, bytesOf(name).subarray(-128));
        assert.throws(() => decodeTrailer(content), isIntegrity);
      }
      await assertRefuses(bytesOf(name), vector, (body) => openBody(body, opening(vector)));
    });
  }
});

describe("the format by hand", () => {
  it("agrees with published digests", () => {
    const digits = Buffer.from("123456789");
    // The check values of the CRC catalogue, and RFC 1321 A.5.
    assert.equal(checksumByHand("crc32", digits).toString("hex"), "cbf43926");
    assert.equal(checksumByHand("crc32c", digits).toString("hex"), "e3069283");
    assert.equal(checksumByHand("crc64nvme", digits).toString("hex"), "ae8b14860a799888");
    assert.equal(checksumByHand("md5", Buffer.from("abc")).toString("hex").slice(0, 8), "90015098");
    assert.equal(sha256("abc").toString("hex").slice(0, 8), "ba7816bf");
  });

  it("agrees on the limits the format states", () => {
    assert.equal(storedSizeOf(MAX_OBJECT_BYTES) <= 5 * 2 ** 30, true);
    assert.equal(storedSizeOf(MAX_OBJECT_BYTES + 1) > 5 * 2 ** 30, true);
    assert.ok(encodeTrailer({}).equals(trailerByHand({ has: 0 })));
    assert.equal(PROVIDERS.length, 9);
  });
});
