import assert from "node:assert/strict";
import { describe, it } from "node:test";
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
const published = {
  chunks: [
    "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
  ],
  trailerSeed: "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
  trailer: "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435",
};
const examplePayload = Buffer.alloc(66560, "a");
const examplePieces = [examplePayload.subarray(0, 65536), examplePayload.subarray(65536)];

describe("encodeAwsChunked", () => {
  it("frames and signs the published example", () => {
    const framed = encodeAwsChunked(examplePieces, { signing }).toString("latin1");
    const signatures = [...framed.matchAll(/chunk-signature=([0-9a-f]{64})/g)].map(
      ([, hex]) => hex,
    );
    assert.deepEqual(signatures, published.chunks);
    assert.equal(framed.length, 66824);
  });

  it("signs the trailers of the published example", () => {
    const framed = encodeAwsChunked(examplePieces, {
      signing: { ...signing, seedSignature: published.trailerSeed },
      trailers: { "x-amz-checksum-crc32c": "sOO8/Q==" },
    });
    assert.ok(
      framed
        .toString("latin1")
        .endsWith(
          `\r\nx-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:${published.trailer}\r\n\r\n`,
        ),
    );
  });
});
