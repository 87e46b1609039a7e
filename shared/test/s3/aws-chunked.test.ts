import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type FaultCode, isFault } from "../../src/faults.ts";
import { bodyOfPieces, collectBody } from "../../src/http/body.ts";
import { type ChunkedOptions, decodeAwsChunked } from "../../src/s3/aws-chunked.ts";
import { encodeAwsChunked } from "../../src/s3/aws-chunked-encode.ts";
import { deriveSigningKey } from "../../src/s3/sigv4.ts";
import type { ChunkSigning } from "../../src/s3/sigv4-verify.ts";

// The examples of the S3 API reference, "Signature Calculations … Transferring Payload in Multiple Chunks" and "… Including Trailing Headers".
const scope = { date: "20130524", region: "us-east-1", service: "s3" };
const signing: ChunkSigning = {
  signingKey: deriveSigningKey("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", scope),
  scope: "20130524/us-east-1/s3/aws4_request",
  timestamp: "20130524T000000Z",
  seedSignature: "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
};
const examplePayload = Buffer.alloc(66560, "a");
const examplePieces = [examplePayload.subarray(0, 65536), examplePayload.subarray(65536)];
const trailers = { "x-amz-checksum-crc32c": "sOO8/Q==" };

function splitAt(bytes: Uint8Array, sizes: Iterable<number>): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const size of sizes) {
    pieces.push(bytes.subarray(at, at + size));
    at += size;
    if (at >= bytes.byteLength) break;
  }
  if (at < bytes.byteLength) pieces.push(bytes.subarray(at));
  return pieces;
}

function evenly(bytes: Uint8Array, size: number): Uint8Array[] {
  return splitAt(bytes, new Array<number>(Math.ceil(bytes.byteLength / size)).fill(size));
}

async function decode(pieces: Iterable<Uint8Array>, options: ChunkedOptions) {
  const decoded = decodeAwsChunked(bodyOfPieces(pieces), options);
  const payload = await collectBody(decoded.body, 1e6, () => new Error("too large"));
  return { payload: payload.toString("latin1"), trailers: decoded.trailers() };
}

async function refuses(
  framed: Buffer | string,
  code: FaultCode,
  options: Partial<ChunkedOptions> = {},
): Promise<void> {
  const bytes = Buffer.from(framed as string, "latin1");
  const all: ChunkedOptions = { decodedBytes: 5, hasTrailer: false, ...options };
  for (const size of [1, 7, bytes.byteLength || 1]) {
    await assert.rejects(decode(evenly(bytes, size), all), (error) => isFault(error, code));
  }
}

describe("decodeAwsChunked", () => {
  const forms: [name: string, signing: ChunkSigning | undefined, hasTrailer: boolean][] = [
    ["signed chunks", signing, false],
    ["signed chunks with signed trailers", signing, true],
    ["unsigned chunks with trailers", undefined, true],
    ["unsigned chunks", undefined, false],
  ];
  for (const [name, formSigning, hasTrailer] of forms) {
    const signed = formSigning ? { signing: formSigning } : {};
    const sent = hasTrailer ? { trailers } : {};

    it(`takes ${name} apart, whole, byte by byte and in odd pieces`, async () => {
      const payload = Buffer.from("The quick brown fox jumps over the lazy dog");
      for (const chunkBytes of [1, 5, 42, 43]) {
        const framed = encodeAwsChunked(evenly(payload, chunkBytes), { ...signed, ...sent });
        for (const pieceBytes of [1, 2, 3, 64, 87, 88, framed.byteLength]) {
          assert.deepEqual(
            await decode(evenly(framed, pieceBytes), { decodedBytes: 43, hasTrailer, ...signed }),
            { payload: payload.toString(), trailers: hasTrailer ? trailers : {} },
          );
        }
      }
    });

    it(`takes ${name} apart, however chunks and pieces fall`, async () => {
      const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 });
      await fc.assert(
        fc.asyncProperty(
          fc.uint8Array({ maxLength: 200 }),
          sizes,
          sizes,
          async (payload, chunkSizes, pieceSizes) => {
            const chunks = splitAt(payload, chunkSizes).filter((chunk) => chunk.byteLength > 0);
            const framed = encodeAwsChunked(chunks, { ...signed, ...sent });
            const decoded = await decode(splitAt(framed, pieceSizes), {
              decodedBytes: payload.byteLength,
              hasTrailer,
              ...signed,
            });
            assert.equal(decoded.payload, Buffer.from(payload).toString("latin1"));
          },
        ),
        { numRuns: 50 },
      );
    });

    it(`refuses ${name} cut anywhere`, async () => {
      const framed = encodeAwsChunked([Buffer.from("hel"), Buffer.from("lo")], {
        ...signed,
        ...sent,
      });
      for (let size = 0; size < framed.byteLength; size++) {
        await assert.rejects(
          decode([framed.subarray(0, size)], { decodedBytes: 5, hasTrailer, ...signed }),
          (error) => isFault(error, "input.incomplete-body"),
        );
      }
    });
  }

  it("takes the published example and refuses it after another request", async () => {
    const options = { decodedBytes: 66560, hasTrailer: false, signing };
    const framed = encodeAwsChunked(examplePieces, { signing });
    const decoded = await decode(evenly(framed, 10_000), options);
    assert.equal(hash("sha256", decoded.payload), hash("sha256", examplePayload));
    await refuses(framed, "auth.signature-mismatch", {
      ...options,
      signing: { ...signing, seedSignature: "0".repeat(64) },
    });
  });

  it("refuses any flipped bit of a signed body", async () => {
    const options = { decodedBytes: 5, hasTrailer: true, signing };
    const framed = encodeAwsChunked([Buffer.from("hel"), Buffer.from("lo")], { signing, trailers });
    for (let at = 0; at < framed.byteLength; at++) {
      for (const bit of [1, 64]) {
        const flipped = Buffer.from(framed);
        flipped[at] = (flipped[at] as number) ^ bit;
        await assert.rejects(decode([flipped], options), (error) =>
          isFault(
            error,
            "auth.signature-mismatch",
            "input.malformed-chunk",
            "input.incomplete-body",
          ),
        );
      }
    }
  });

  it("passes no byte of a chunk's last piece on before its signature was verified", async () => {
    const framed = encodeAwsChunked([Buffer.from("hello")], { signing });
    framed.write("J", framed.indexOf("hello"));
    const taken: string[] = [];
    const { body } = decodeAwsChunked(bodyOfPieces([framed]), {
      decodedBytes: 5,
      hasTrailer: false,
      signing,
    });
    await assert.rejects(body.pump((piece) => void taken.push(Buffer.from(piece).toString())));
    assert.deepEqual(taken, []);
  });

  it("refuses swapped, dropped and repeated chunks", async () => {
    const framed = encodeAwsChunked([Buffer.from("aaa"), Buffer.from("bbb")], { signing });
    const chunkBytes = framed.indexOf("3;", 1);
    const [first, second, rest] = splitAt(framed, [chunkBytes, chunkBytes]) as [
      Buffer,
      Buffer,
      Buffer,
    ];
    const options = { decodedBytes: 6, signing };
    await refuses(Buffer.concat([second, first, rest]), "auth.signature-mismatch", options);
    await refuses(Buffer.concat([first, rest]), "auth.signature-mismatch", options);
    await refuses(Buffer.concat([first, first, rest]), "auth.signature-mismatch", options);
  });

  it("hands payload over without copying it", async () => {
    const framed = encodeAwsChunked([Buffer.from("hello")]);
    const { body } = decodeAwsChunked(bodyOfPieces([framed]), {
      decodedBytes: 5,
      hasTrailer: false,
    });
    await body.pump((piece) => assert.equal(piece.buffer, framed.buffer));
  });

  it("waits for the taker between the chunks of one piece", async () => {
    const framed = encodeAwsChunked([Buffer.from("a"), Buffer.from("b"), Buffer.from("c")]);
    let isBusy = false;
    let taken = "";
    const { body } = decodeAwsChunked(bodyOfPieces([framed]), {
      decodedBytes: 3,
      hasTrailer: false,
    });
    await body.pump(async (piece) => {
      assert.equal(isBusy, false);
      isBusy = true;
      await Promise.resolve();
      isBusy = false;
      taken += Buffer.from(piece).toString();
    });
    assert.equal(taken, "abc");
  });

  it("rejects with the reason when it is destroyed or the taker gives up", async () => {
    const framed = encodeAwsChunked([Buffer.from("ab")]);
    const reason = new Error("client is gone");
    const options = { decodedBytes: 2, hasTrailer: false };
    const { body, trailers: sent } = decodeAwsChunked(bodyOfPieces(evenly(framed, 1)), options);
    await assert.rejects(
      body.pump(() => body.destroy(reason)),
      reason,
    );
    assert.throws(() => sent(), { name: "AssertionError" });
    const other = decodeAwsChunked(bodyOfPieces([framed]), options);
    await assert.rejects(
      other.body.pump(() => Promise.reject(reason)),
      reason,
    );
  });

  const malformed: [what: string, framed: string][] = [
    ["no size", "\r\nhello\r\n0\r\n\r\n"],
    ["a size that is not hex", "5x\r\nhello\r\n0\r\n\r\n"],
    ["a negative size", "-5\r\nhello\r\n0\r\n\r\n"],
    ["a line that ends in LF alone", "5\nhello\r\n0\r\n\r\n"],
    ["spaces around the size", " 5 \r\nhello\r\n0\r\n\r\n"],
    [
      "a signature where none is expected",
      `5;chunk-signature=${"0".repeat(64)}\r\nhello\r\n0\r\n\r\n`,
    ],
    ["a header line without end", "0".repeat(129)],
    ["a chunk larger than 2 GiB", "80000001\r\n"],
    ["payload longer than its size", "5\r\nhello!\r\n0\r\n\r\n"],
    ["CR without LF after the payload", "5\r\nhello\r0\r\n\r\n"],
    ["bytes after the end", "5\r\nhello\r\n0\r\n\r\nx"],
    ["a second end", "5\r\nhello\r\n0\r\n\r\n0\r\n\r\n"],
    ["trailers where none are announced", "5\r\nhello\r\n0\r\na:b\r\n\r\n"],
  ];
  for (const [what, framed] of malformed) {
    it(`refuses ${what}`, () => refuses(framed, "input.malformed-chunk"));
  }

  const incomplete: [what: string, framed: string][] = [
    ["nothing at all", ""],
    ["no empty chunk", "5\r\nhello\r\n"],
    ["less than the decoded length", "4\r\nhell\r\n0\r\n\r\n"],
    ["more than the decoded length", "6\r\nhello!\r\n0\r\n\r\n"],
  ];
  for (const [what, framed] of incomplete) {
    it(`refuses ${what}`, () => refuses(framed, "input.incomplete-body"));
  }

  const badTrailers: [what: string, trailer: string, code: FaultCode][] = [
    ["without a colon", "abc\r\n\r\n", "input.malformed-chunk"],
    ["with a space in the name", "a b:c\r\n\r\n", "input.malformed-chunk"],
    ["with a control character", "a:b\u0000\r\n\r\n", "input.malformed-chunk"],
    ["with a lone CR", "a:b\rc:d\r\n\r\n", "input.malformed-chunk"],
    ["twice", "a:b\r\nA:c\r\n\r\n", "input.malformed-chunk"],
    ["of more than 8 KiB", `a:${"b".repeat(8192)}\r\n\r\n`, "input.malformed-chunk"],
    ["with bytes after the end", "a:b\r\n\r\nx", "input.incomplete-body"],
    [
      "with a second body after the end",
      "a:b\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
      "input.malformed-chunk",
    ],
    ["without an end", "a:b\r\n", "input.incomplete-body"],
  ];
  for (const [what, trailer, code] of badTrailers) {
    it(`refuses trailers ${what}`, () =>
      refuses(`5\r\nhello\r\n0\r\n${trailer}`, code, { hasTrailer: true }));
  }

  it("reads trailers as clients write them", async () => {
    for (const trailer of [
      "X-Amz-Checksum-CRC32C: sOO8/Q== \r\n\r\n",
      "x-amz-checksum-crc32c:sOO8/Q==\n\r\n",
      "x-amz-checksum-crc32c:sOO8/Q==\n\r\n\r\n",
    ]) {
      const framed = Buffer.from(`5\r\nhello\r\n0\r\n${trailer}`);
      const decoded = await decode([framed], { decodedBytes: 5, hasTrailer: true });
      assert.deepEqual(decoded, { payload: "hello", trailers });
    }
    const none = await decode([Buffer.from("0\r\n\r\n")], { decodedBytes: 0, hasTrailer: true });
    assert.deepEqual(none, { payload: "", trailers: {} });
  });

  it("reads an empty line before the trailer signature, and refuses trailers without one", async () => {
    const options = { decodedBytes: 5, hasTrailer: true, signing };
    const framed = encodeAwsChunked([Buffer.from("hello")], { signing, trailers }).toString();
    const spaced = framed.replace("sOO8/Q==\r\n", "sOO8/Q==\n\r\n");
    assert.deepEqual((await decode([Buffer.from(spaced)], options)).trailers, trailers);
    const unsigned = framed.replace(/x-amz-trailer-signature:.*\r\n/, "");
    await refuses(unsigned, "input.malformed-chunk", options);
    await refuses(framed.replace("\r\n\r\n", "\r\na:b\r\n\r\n"), "input.malformed-chunk", options);
    await refuses(framed.replace("sOO8", "sOO9"), "auth.signature-mismatch", options);
  });
});
