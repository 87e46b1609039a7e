import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault, isFault } from "../../src/faults.ts";
import { CHUNK_BYTES, SUITE } from "../../src/format/layout.ts";
import { storedSizeOf } from "../../src/format/sizes.ts";
import { decodeTrailer } from "../../src/format/trailer.ts";
import { openOnce } from "../../src/sealing/aead.ts";
import { sealBody } from "../../src/sealing/seal.ts";
import { drain, fixedKeys, inPieces, plaintextOf, sealed } from "./sealed-fixture.ts";

const C = CHUNK_BYTES;
const SIZES = [0, 1, 15, 16, 17, C - 1, C, C + 1, 2 * C - 1, 2 * C, 2 * C + 1, 3 * C + 17];

describe("sealBody", () => {
  for (const size of SIZES) {
    it(`gives the same ${storedSizeOf(size)} bytes for ${size}, however they are fed`, async () => {
      const plaintext = plaintextOf(size);
      const whole = await sealed(plaintext);
      assert.equal(whole.byteLength, storedSizeOf(size));
      for (const pieceBytes of size < 70_000 ? [1, 1000, 65_535] : [777, 65_537, 200_000]) {
        const sealing = { keys: fixedKeys(), suite: SUITE.aes256Gcm, size, trailer: () => ({}) };
        const { bytes, error } = await drain(sealBody(inPieces(plaintext, pieceBytes), sealing));
        assert.equal(error, undefined);
        assert.ok(bytes.equals(whole), `pieces of ${pieceBytes}`);
      }
    });
  }

  it("asks for the trailer after the plaintext has ended, and seals it", async () => {
    let ended = false;
    const plaintext = plaintextOf(10);
    const source = inPieces(plaintext, 3);
    const body = {
      ...source,
      pump: async (take: Parameters<typeof source.pump>[0]) => {
        await source.pump(take);
        ended = true;
      },
    };
    const keys = fixedKeys();
    const md5 = Buffer.alloc(16, 1);
    const trailer = () => {
      assert.ok(ended);
      return { md5 };
    };
    const { bytes } = await drain(sealBody(body, { keys, suite: 1, size: 10, trailer }));
    const opened = openOnce({ suite: 1, key: keys.trailerKey }, bytes.subarray(-128));
    assert.deepEqual(decodeTrailer(opened), { md5 });
  });

  for (const [announced, sent] of [
    [10, 9],
    [10, 11],
    [C, C - 1],
    [C, C + 1],
    [0, 1],
    [2 * C, C],
  ] as const) {
    it(`never completes a body of ${sent} bytes that announced ${announced}`, async () => {
      const sealing = {
        keys: fixedKeys(),
        suite: SUITE.aes256Gcm,
        size: announced,
        trailer: () => ({}),
      };
      const { bytes, error } = await drain(sealBody(inPieces(plaintextOf(sent), 1000), sealing));
      assert.ok(isFault(error, "input.incomplete-body"));
      assert.ok(bytes.byteLength < storedSizeOf(announced));
    });
  }

  it("withholds the end when the source fails at its very end", async () => {
    const refusal = new Fault("input.bad-digest", "wrong digest");
    const source = inPieces(plaintextOf(C), 1000);
    const body = {
      ...source,
      pump: async (take: Parameters<typeof source.pump>[0]) => {
        await source.pump(take);
        throw refusal;
      },
    };
    const { bytes, error } = await drain(
      sealBody(body, { keys: fixedKeys(), suite: 1, size: C, trailer: () => ({}) }),
    );
    assert.equal(error, refusal);
    assert.equal(bytes.byteLength, C);
  });

  it("seals differently under the two suites", async () => {
    const plaintext = plaintextOf(100);
    assert.notDeepEqual(await sealed(plaintext, 1), await sealed(plaintext, 2));
  });
});
