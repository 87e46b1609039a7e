import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  CONTENT_FIELDS,
  decodeMetadata,
  encodeMetadata,
  hiddenMetadata,
  isMetadataField,
  partMetadata,
  shownMetadata,
} from "../../src/format/metadata.ts";

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");
const integrity = { code: "crypto.integrity" };

const NAME = fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9a-rt-z][!#$%&'*+\-.^_`|~0-9a-z]{0,30}$/);
const VALUE = fc
  .array(
    fc.integer({ min: 0x20, max: 0xff }).filter((code) => code !== 0x7f && code !== 0x80),
    {
      maxLength: 300,
    },
  )
  .map((codes) => String.fromCharCode(...codes));
const FIELDS = fc
  .tuple(
    fc.dictionary(fc.constantFrom(...CONTENT_FIELDS), VALUE),
    fc.dictionary(NAME, VALUE, { maxKeys: 20 }),
  )
  .map(([content, user]) => ({
    ...content,
    ...Object.fromEntries(
      Object.entries(user).map(([name, value]) => [`x-amz-meta-${name}`, value]),
    ),
  }));

describe("the bytes of metadata", () => {
  it("are those of format.md §11", () => {
    assert.deepEqual(encodeMetadata({}), hex("a0"));
    const encoded = encodeMetadata({
      "x-amz-meta-b": "\u00fc",
      expires: "x",
      "x-amz-meta-aa": "",
      "content-type": "a/b",
    });
    assert.deepEqual(encoded, hex("a3 00a2 6162 41fc 626161 40 01 43612f62 06 4178"));
    const numbered = encodeMetadata(Object.fromEntries(CONTENT_FIELDS.map((name) => [name, ""])));
    assert.deepEqual(numbered, hex("a6 0140 0240 0340 0440 0540 0640"));
  });

  it("give back any fields, and do not depend on their order", () => {
    fc.assert(
      fc.property(FIELDS, (fields) => {
        const encoded = encodeMetadata(fields);
        assert.deepEqual(decodeMetadata(encoded), fields);
        const reversed = Object.fromEntries(Object.entries(fields).toReversed());
        assert.deepEqual(encodeMetadata(reversed), encoded);
      }),
    );
  });

  it("are refused unless they are exactly what would be written", () => {
    const good = encodeMetadata({
      "content-type": "text/x",
      "x-amz-meta-a": "1",
      "x-amz-meta-b": "2",
    });
    const edits = fc.tuple(
      fc.nat({ max: good.byteLength - 1 }),
      fc.integer({ min: 0, max: 255 }),
      fc.nat({ max: 2 }),
    );
    fc.assert(
      fc.property(edits, fc.boolean(), ([at, byte, cut], inserts) => {
        const bytes = Buffer.concat([
          good.subarray(0, at),
          Buffer.of(byte),
          good.subarray(inserts ? at : at + cut),
        ]);
        let fields: Readonly<Record<string, string>>;
        try {
          fields = decodeMetadata(bytes);
        } catch (error) {
          assert.equal((error as { code?: string }).code, "crypto.integrity");
          return;
        }
        assert.deepEqual(encodeMetadata(fields), bytes);
      }),
      { numRuns: 3000 },
    );
    for (let length = 0; length < good.byteLength; length += 1) {
      assert.throws(() => decodeMetadata(good.subarray(0, length)), integrity);
    }
  });

  it("are refused with what the format does not know", () => {
    for (const [why, bytes] of [
      ["trailing byte", "a0 00"],
      ["not a map", "80"],
      ["unknown number", "a1 07 40"],
      ["text for a number", "a1 6161 40"],
      ["text for bytes", "a1 01 6161"],
      ["empty map of user metadata", "a1 00 a0"],
      ["numbers that fall", "a2 02 40 01 40"],
      ["a number twice", "a2 01 40 01 40"],
      ["names that fall", "a1 00 a2 6162 40 6161 40"],
      ["a longer name first", "a1 00 a2 626161 40 6162 40"],
      ["a name twice", "a1 00 a2 6161 40 6161 40"],
      ["a name of the gateway's own", "a1 00 a1 6473336567 40"],
      ["a name in upper case", "a1 00 a1 6141 40"],
      ["a name with a colon", "a1 00 a1 613a 40"],
      ["a value with a line break", "a1 01 410a"],
      ["a value with NUL", "a1 01 4100"],
      ["a value with DEL", "a1 01 417f"],
      ["a longer head than needed", "a1 01 5801 61"],
      ["an indefinite map", "bf ff"],
      ["a tag", "c0 a0"],
    ] as const) {
      assert.throws(() => decodeMetadata(hex(bytes)), integrity, why);
    }
  });

  it("are not made of what can't stand in a header, or is the gateway's own", () => {
    for (const [name, value] of [
      ["x-amz-meta-a", "line\nbreak"],
      ["x-amz-meta-a", "\u0100"],
      ["x-amz-meta-A", "1"],
      ["x-amz-meta-a b", "1"],
      ["x-amz-meta-s3eg", "1"],
      ["x-amz-meta-s3eg-m", "1"],
      ["x-amz-acl", "private"],
      ["etag", "1"],
    ] as const) {
      assert.throws(() => encodeMetadata({ [name]: value }), { code: "input.invalid" }, name);
    }
  });
});

describe("metadata among header fields", () => {
  const HEADER = { "x-amz-meta-s3eg": "h" };

  it("is what a client says of the object, and not what is the gateway's or the backend's", () => {
    for (const name of [...CONTENT_FIELDS, "x-amz-meta-a", "x-amz-meta-"]) {
      assert.ok(isMetadataField(name), name);
    }
    for (const name of [
      "x-amz-meta-s3eg",
      "x-amz-meta-s3eg-m",
      "x-amz-acl",
      "content-length",
      "etag",
    ]) {
      assert.ok(!isMetadataField(name), name);
    }
  });

  it("is parted from the rest, hidden, and shown again in the place of what the backend said", () => {
    const given = {
      "content-type": "text/x",
      "x-amz-meta-a": "1",
      "x-amz-acl": "private",
      ...HEADER,
    };
    const { metadata, others } = partMetadata(given);
    assert.deepEqual(metadata, { "content-type": "text/x", "x-amz-meta-a": "1" });
    const stored = hiddenMetadata(others, "v");
    assert.deepEqual(stored, {
      "x-amz-acl": "private",
      ...HEADER,
      "content-type": "application/octet-stream",
      "x-amz-meta-s3eg-m": "v",
    });
    const answered = { ...stored, "x-amz-meta-forged": "1", "cache-control": "forged", etag: "e" };
    assert.deepEqual(shownMetadata(answered, metadata), {
      "x-amz-acl": "private",
      ...HEADER,
      "x-amz-meta-s3eg-m": "v",
      etag: "e",
      ...metadata,
    });
    const { "content-type": type } = shownMetadata(stored, {});
    assert.equal(type, "binary/octet-stream");
  });
});
