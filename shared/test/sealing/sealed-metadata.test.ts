import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeMetadata } from "../../src/format/metadata.ts";
import { sealWithNonce } from "../../src/sealing/aead.ts";
import { deriveObjectKeys } from "../../src/sealing/object-keys.ts";
import {
  openMetadata,
  type ProvenHeader,
  refuseStrayMetadata,
  sealedBytesOf,
  sealMetadata,
  sealsMetadata,
} from "../../src/sealing/sealed-metadata.ts";

const FIELD = "x-amz-meta-s3eg-m";
const integrity = { code: "crypto.integrity" };
const metadata = { "content-type": "text/x", "x-amz-meta-owner": "somebody", expires: "tomorrow" };

function proven(change: Partial<ProvenHeader["header"]> = {}): ProvenHeader {
  const header = { suite: 1, flags: 2, mac: Buffer.alloc(32, 7), ...change } as const;
  const objectId = Buffer.alloc(32, 0x22);
  return { header, keys: deriveObjectKeys(Buffer.alloc(32, 0x11), { ...header, objectId }) };
}

const opened = (value: string, by: ProvenHeader) => openMetadata({ [FIELD]: value }, by);

describe("sealed metadata (format.md §11)", () => {
  for (const suite of [1, 2] as const) {
    it(`opens under the header it was sealed under, suite ${suite}`, () => {
      for (const fields of [{}, metadata]) {
        const value = sealMetadata(fields, proven({ suite }));
        assert.match(value, /^[\w-]+$/);
        assert.deepEqual(opened(value, proven({ suite })), fields);
      }
    });
  }

  it("never seals two times alike, and shows nothing but its length", () => {
    const values = [1, 2, 3].map(() => sealMetadata(metadata, proven()));
    assert.equal(new Set(values).size, 3);
    const nonces = values.map((value) => value.slice(0, 16));
    assert.equal(new Set(nonces).size, 3);
    assert.equal(sealedBytesOf(values[0] ?? ""), encodeMetadata(metadata).byteLength);
    for (const none of ["", "AAAA", "AAAA=", `${values[0]}=`]) {
      assert.equal(sealedBytesOf(none), undefined);
    }
    const bytes = Buffer.from(values[0] ?? "", "base64url");
    assert.equal(bytes.byteLength, 12 + encodeMetadata(metadata).byteLength + 16);
    assert.ok(!bytes.includes("somebody") && !bytes.includes("owner"));
  });

  it("does not open once any of its bytes was changed, or it was cut or lengthened", () => {
    const bytes = Buffer.from(sealMetadata(metadata, proven()), "base64url");
    for (let at = 0; at < bytes.byteLength; at += 1) {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at);
      assert.throws(() => opened(flipped.toString("base64url"), proven()), integrity, String(at));
      const cut = bytes.subarray(0, at).toString("base64url");
      assert.throws(() => opened(cut, proven()), integrity);
    }
    const longer = Buffer.concat([bytes, Buffer.alloc(1)]).toString("base64url");
    assert.throws(() => opened(longer, proven()), integrity);
  });

  it("does not open under another header, other keys, or in another spelling", () => {
    const value = sealMetadata(metadata, proven());
    assert.throws(() => opened(value, proven({ mac: Buffer.alloc(32, 8) })), integrity);
    assert.throws(() => opened(value, proven({ suite: 2 })), integrity);
    for (const spelt of [`${value}=`, ` ${value}`, `${value}+`, "", value.repeat(20)]) {
      assert.throws(() => opened(spelt, proven()), integrity, spelt);
    }
  });

  it("is refused where the header does not speak of it, and missed where it does", () => {
    const value = sealMetadata(metadata, proven({ flags: 3 }));
    for (const flags of [0, 1, 5]) {
      assert.ok(!sealsMetadata({ flags }));
      assert.throws(() => opened(value, proven({ flags })), integrity);
      assert.equal(openMetadata({ "content-type": "x" }, proven({ flags })), undefined);
      assert.throws(() => sealMetadata(metadata, proven({ flags })), { code: "internal.bug" });
    }
    for (const flags of [2, 3, 7]) {
      assert.ok(sealsMetadata({ flags }));
      assert.throws(() => openMetadata({ "content-type": "x" }, proven({ flags })), integrity);
      const own = sealMetadata(metadata, proven({ flags }));
      assert.deepEqual(opened(own, proven({ flags })), metadata);
    }
  });

  it("is refused where there is no header at all", () => {
    refuseStrayMetadata({ "x-amz-meta-s3eg": "h", "x-amz-meta-m": "1" });
    assert.throws(() => refuseStrayMetadata({ [FIELD]: "" }), integrity);
  });

  it("is refused if what was sealed is no metadata", () => {
    const { header, keys } = proven();
    const aad = Buffer.concat([Buffer.from("s3eg/2/meta"), header.mac]);
    const nonce = Buffer.alloc(12, 3);
    for (const plaintext of ["", "ff", "a000", "a10740"]) {
      const key = { suite: 1, key: keys.metadataKey, aad } as const;
      const sealed = sealWithNonce(key, nonce, Buffer.from(plaintext, "hex"));
      const value = Buffer.concat([nonce, sealed]).toString("base64url");
      assert.throws(() => opened(value, proven()), integrity);
    }
  });
});
