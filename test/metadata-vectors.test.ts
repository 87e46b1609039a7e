import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fromBase64Url } from "../shared/src/format/bytes.ts";
import { decodeHeader } from "../shared/src/format/header.ts";
import { METADATA_FIELD } from "../shared/src/format/layout.ts";
import { decodeMetadata, encodeMetadata } from "../shared/src/format/metadata.ts";
import { openWithNonce } from "../shared/src/sealing/aead.ts";
import { bindingOf, unpackPayload } from "../shared/src/sealing/envelope.ts";
import { openHeader } from "../shared/src/sealing/object-keys.ts";
import {
  openMetadata,
  sealedBytesOf,
  sealMetadata,
  sealsMetadata,
} from "../shared/src/sealing/sealed-metadata.ts";
import { isIntegrity } from "./cut-bodies.ts";
import { unwrapByHand } from "./format-by-hand.ts";
import { metadataByHand } from "./metadata-by-hand.ts";
import { type MetadataVector, readMetadataVectors } from "./metadata-vector.ts";

const vectors = [...readMetadataVectors()];
const hex = (text: string) => Buffer.from(text, "hex");

/** The header and the keys that a reader gets: out of the envelope. */
function provenOf({ kek, header: value, place }: MetadataVector) {
  const header = decodeHeader(value);
  const binding = bindingOf({ ...header, place });
  const payload = unwrapByHand(hex(kek), header.wrappedKey, binding) ?? Buffer.alloc(0);
  return { header, keys: openHeader(header, unpackPayload(payload, binding)) };
}

const headersOf = ({ value }: MetadataVector) =>
  value === undefined ? {} : { [METADATA_FIELD]: value };

/** The bytes in a value, once its tag has verified. */
function plaintextOf(vector: MetadataVector): Buffer {
  const { header, keys } = provenOf(vector);
  const bytes = fromBase64Url(vector.value ?? "") ?? Buffer.alloc(0);
  const aad = Buffer.concat([Buffer.from("s3eg/2/meta"), header.mac]);
  const key = { suite: header.suite, key: keys.metadataKey, aad };
  return openWithNonce(key, bytes.subarray(0, 12), bytes.subarray(12));
}

/** The check that refuses a vector. */
function refusalOf(vector: MetadataVector): MetadataVector["failsAt"] {
  const { value } = vector;
  const isSaid = sealsMetadata(decodeHeader(vector.header));
  if (isSaid !== (value !== undefined)) return "flag";
  if (sealedBytesOf(value ?? "") === undefined) return "parse";
  try {
    plaintextOf(vector);
  } catch (error) {
    assert.ok(isIntegrity(error));
    return "open";
  }
  return "content";
}

describe("vectors of sealed metadata that open (format.md §11)", () => {
  for (const [name, vector] of vectors.filter(([, { expect }]) => expect === "success")) {
    it(`${name}: ${vector.description}`, () => {
      const { fields = {}, plaintext = "" } = vector;
      const expected = Object.fromEntries(
        Object.entries(fields).map(([field, value]) => [field, hex(value).toString("latin1")]),
      );
      const proven = provenOf(vector);
      assert.deepEqual(openMetadata(headersOf(vector), proven), expected);
      assert.equal(plaintextOf(vector).toString("hex"), plaintext);
      assert.equal(encodeMetadata(expected).toString("hex"), plaintext);
      assert.equal(metadataByHand(expected).toString("hex"), plaintext);
      const again = { [METADATA_FIELD]: sealMetadata(expected, proven) };
      assert.notDeepEqual(again, headersOf(vector));
      assert.deepEqual(openMetadata(again, proven), expected);
    });
  }
});

describe("vectors of sealed metadata that are refused (format.md §11)", () => {
  for (const [name, vector] of vectors.filter(([, { expect }]) => expect !== "success")) {
    it(`${name}: ${vector.description}`, () => {
      assert.throws(() => openMetadata(headersOf(vector), provenOf(vector)), isIntegrity);
      assert.equal(refusalOf(vector), vector.failsAt);
      if (vector.failsAt === "content") {
        const bytes = plaintextOf(vector);
        assert.equal(bytes.toString("hex"), vector.plaintext);
        assert.throws(() => decodeMetadata(bytes), isIntegrity);
      }
    });
  }

  it("are of every kind", () => {
    const kinds = new Set(vectors.map(([, { failsAt = "success" }]) => failsAt));
    assert.deepEqual([...kinds].toSorted(), ["content", "flag", "open", "parse", "success"]);
  });
});
