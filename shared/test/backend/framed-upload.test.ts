import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { crc32 } from "node:zlib";
import {
  FRAMED_PAYLOAD,
  framedUpload,
  framingHeaders,
  withoutFraming,
} from "../../src/backend/framed-upload.ts";
import { bodyOfPieces, collectBody } from "../../src/http/body.ts";
import { decodeAwsChunked } from "../../src/s3/aws-chunked.ts";

const CHUNK = 256 * 1024;
const tooLarge = () => new Error("too large");

function patterned(sizeBytes: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: sizeBytes }, (_, n) => (n * 31) % 251));
}

function piecesOf(bytes: Buffer, pieceBytes: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, n) =>
    bytes.subarray(n * pieceBytes, (n + 1) * pieceBytes),
  );
}

describe("an upload in frames", () => {
  it("holds the bytes and their checksum, in exactly the size it says, however the bytes came", async () => {
    for (const sizeBytes of [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 17]) {
      const bytes = patterned(sizeBytes);
      for (const pieceBytes of [1000, 65_553, CHUNK, 4 * CHUNK]) {
        const framed = framedUpload({ body: bodyOfPieces(piecesOf(bytes, pieceBytes)), sizeBytes });
        const wire = await collectBody(framed.body, 2 ** 24, tooLarge);
        assert.equal(wire.length, framed.sizeBytes, `${sizeBytes} in pieces of ${pieceBytes}`);
        const plain = decodeAwsChunked(bodyOfPieces([wire]), {
          decodedBytes: sizeBytes,
          hasTrailer: true,
        });
        assert.ok((await collectBody(plain.body, 2 ** 24, tooLarge)).equals(bytes));
        const crc = Buffer.alloc(4);
        crc.writeUInt32BE(crc32(bytes));
        assert.deepEqual(
          { ...plain.trailers() },
          { "x-amz-checksum-crc32": crc.toString("base64") },
        );
      }
    }
  });

  it("has no end when the source has none", async () => {
    const broken = bodyOfPieces(
      (function* () {
        yield patterned(10);
        throw new Error("source broke");
      })(),
    );
    const { body } = framedUpload({ body: broken, sizeBytes: 20 });
    let wire = "";
    await assert.rejects(
      body.pump((piece) => {
        wire += Buffer.from(piece).toString("latin1");
      }),
      /source broke/,
    );
    assert.ok(!wire.includes("x-amz-checksum"), "no trailer");
  });

  it("is announced in the headers, beside the encoding of the object", () => {
    assert.equal(FRAMED_PAYLOAD, "STREAMING-UNSIGNED-PAYLOAD-TRAILER");
    assert.deepEqual(framingHeaders(5, "gzip"), {
      "content-encoding": "aws-chunked,gzip",
      "x-amz-decoded-content-length": "5",
      "x-amz-trailer": "x-amz-checksum-crc32",
    });
    assert.equal(framingHeaders(5, undefined)["content-encoding"], "aws-chunked");
  });

  it("leaves no mark in an answer", () => {
    const other = { etag: "e", "content-encoding": "gzip" };
    assert.equal(withoutFraming(other), other);
    assert.deepEqual(withoutFraming({ etag: "e", "content-encoding": "aws-chunked" }), {
      etag: "e",
    });
    assert.deepEqual(withoutFraming({ "content-encoding": "aws-chunked, br" }), {
      "content-encoding": "br",
    });
  });
});
