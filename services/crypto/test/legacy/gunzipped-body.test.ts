import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { type Body, bodyOfBytes, bodyOfPieces } from "@s3eg/shared/http/body.ts";
import { gunzippedBody } from "../../src/legacy/gunzipped-body.ts";
import { bytesOfBody, patterned } from "./sealed-legacy.ts";

const plain = patterned(200_000);
const whole = { start: 0, end: plain.length };

describe("a compressed plaintext", () => {
  it("comes out whole and in ranges, however it comes in", async () => {
    const packed = gzipSync(plain);
    for (const pieceBytes of [1, 997, packed.length]) {
      for (const [start, end] of [
        [0, plain.length],
        [0, 1],
        [65_535, 131_073],
        [plain.length - 1, plain.length],
        [5, 5],
      ] as const) {
        const pieces = Array.from({ length: Math.ceil(packed.length / pieceBytes) }, (_, n) =>
          packed.subarray(n * pieceBytes, (n + 1) * pieceBytes),
        );
        const body = gunzippedBody(bodyOfPieces(pieces), plain.length, { start, end });
        assert.ok((await bytesOfBody(body)).equals(plain.subarray(start, end)), `${start}`);
      }
    }
    const empty = gunzippedBody(bodyOfBytes(gzipSync("")), 0, { start: 0, end: 0 });
    assert.equal((await bytesOfBody(empty)).length, 0);
  });

  it("of another size than recorded, cut, or no gzip at all is refused", async () => {
    const packed = gzipSync(plain);
    for (const [bytes, size] of [
      [packed, plain.length - 1],
      [packed, plain.length + 1],
      [packed.subarray(0, -9), plain.length],
      [Buffer.alloc(0), plain.length],
      [plain, plain.length],
    ] as const) {
      const body = gunzippedBody(bodyOfBytes(bytes), size, whole);
      await assert.rejects(bytesOfBody(body), { code: "crypto.integrity" });
    }
  });

  it("is not unpacked beyond its recorded size", async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    let got = 0;
    const body = gunzippedBody(bodyOfBytes(bomb), 1000, { start: 0, end: 1000 });
    const pumped = body.pump((piece) => {
      got += piece.byteLength;
    });
    await assert.rejects(pumped, { code: "crypto.integrity" });
    assert.equal(got, 0);
  });

  it("ends with its source, and with its taker", async () => {
    const lost = new Error("lost");
    const failing: Body = { pump: () => Promise.reject(lost), destroy: () => undefined };
    await assert.rejects(gunzippedBody(failing, plain.length, whole).pump(() => undefined));

    for (const bytes of [randomBytes(1_000_000), Buffer.alloc(20_000_000)]) {
      const packed = gzipSync(bytes);
      const pieces = [packed.subarray(0, 9000), packed.subarray(9000)];
      const body = gunzippedBody(bodyOfPieces(pieces), bytes.length, {
        start: 0,
        end: bytes.length,
      });
      const pumped = body.pump(async () => {
        await Promise.resolve();
        throw lost;
      });
      await assert.rejects(pumped, lost);
    }
  });

  it("waits for its taker", async () => {
    let open = 0;
    await gunzippedBody(bodyOfBytes(gzipSync(plain)), plain.length, whole).pump(async () => {
      open += 1;
      assert.equal(open, 1);
      await new Promise(setImmediate);
      open -= 1;
    });
  });
});
