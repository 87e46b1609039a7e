/** Integrity: digests in headers and trailers, and the aws-chunked framings that carry them. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { assertAnswer, feature, patternBytes, putText, type Site, send } from "./feature.ts";
import {
  type RawAnswer,
  sendUnsigned,
  signedChunks,
  signRaw,
  unsignedChunks,
} from "./raw-request.ts";

const TEXT = "123456789";
/** Check values of the algorithms' definitions, for the text above. */
const CHECKSUMS = {
  crc32: base64("cbf43926"),
  crc32c: base64("e3069283"),
  crc64nvme: base64("ae8b14860a799888"),
  sha1: createHash("sha1").update(TEXT).digest("base64"),
  sha256: createHash("sha256").update(TEXT).digest("base64"),
} as const;
const PIECES = [patternBytes(70_000, 1), patternBytes(9000, 2)];
const WHOLE = Buffer.concat(PIECES);
const WHOLE_CRC32 = base64(crc32(WHOLE).toString(16).padStart(8, "0"));
const WRONG_CRC32 = base64("00000000");

function base64(hex: string): string {
  return Buffer.from(hex, "hex").toString("base64");
}

function chunkedHead(payloadHash: string, trailer?: string) {
  return {
    method: "PUT",
    payloadHash,
    headers: {
      "content-encoding": "aws-chunked",
      "x-amz-decoded-content-length": `${WHOLE.length}`,
      ...(trailer === undefined ? {} : { "x-amz-trailer": trailer }),
    },
  };
}

/** PUT of WHOLE in signed chunks; `spoil` may change the framed bytes. */
async function putSigned(
  site: Site,
  {
    trailer,
    spoil = (framed) => framed,
  }: { trailer?: readonly [string, string]; spoil?: (framed: Buffer) => Buffer },
): Promise<RawAnswer> {
  const hash = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
  const head = chunkedHead(trailer ? `${hash}-TRAILER` : hash, trailer?.[0]);
  const raw = { ...head, path: `/${site.bucket}/k`, body: [] };
  const signed = signRaw(site.signer, raw);
  const body = spoil(
    signedChunks(site.signer, signed, { pieces: PIECES, ...(trailer ? { trailer } : {}) }),
  );
  const headers = { ...signed.headers, "content-length": `${body.length}` };
  return await sendUnsigned(site.signer, { ...raw, headers, body });
}

/** PUT of WHOLE in unsigned chunks with a trailer, with or without Content-Length. */
async function putUnsigned(
  site: Site,
  trailer: readonly [string, string],
  { hasLength = true } = {},
): Promise<RawAnswer> {
  const framed = unsignedChunks(PIECES, trailer);
  const body = hasLength ? framed : [framed.subarray(0, 1000), framed.subarray(1000)];
  const head = chunkedHead("STREAMING-UNSIGNED-PAYLOAD-TRAILER", trailer[0]);
  return await send(site, { ...head, path: "/k", body });
}

async function assertWhole(site: Site): Promise<RawAnswer> {
  const headers = { "x-amz-checksum-mode": "ENABLED" };
  const got = await send(site, { method: "GET", path: "/k", headers });
  assertAnswer(got, 200);
  assert.ok(got.body.equals(WHOLE));
  return got;
}

export const checksumFeatures = [
  ...Object.entries(CHECKSUMS).map(([algorithm, value]) =>
    feature(`${algorithm} is checked, kept and shown`, async (site) => {
      const name = `x-amz-checksum-${algorithm}`;
      const put = { method: "PUT", path: "/k", body: TEXT };
      const stored = await send(site, { ...put, headers: { [name]: value } });
      assertAnswer(stored, 200);
      const mode = { "x-amz-checksum-mode": "ENABLED" };
      const got = await send(site, { method: "GET", path: "/k", headers: mode });
      assert.equal(got.headers[name], value);
      assert.equal(got.headers["x-amz-checksum-type"], "FULL_OBJECT");
      const wrong = Buffer.from(value, "base64").fill(0).toString("base64");
      const refused = await send(site, { ...put, headers: { [name]: wrong } });
      assertAnswer(refused, 400, "BadDigest");
    }),
  ),
  feature("without checksum mode no checksum is shown", async (site) => {
    const headers = { "x-amz-checksum-crc32": CHECKSUMS.crc32 };
    assertAnswer(await send(site, { method: "PUT", path: "/k", headers, body: TEXT }), 200);
    const got = await send(site, { method: "GET", path: "/k" });
    assert.equal(got.headers["x-amz-checksum-crc32"], undefined);
  }),
  feature("a range does not show the checksum of the whole", async (site) => {
    const headers = { "x-amz-checksum-crc32": CHECKSUMS.crc32 };
    assertAnswer(await send(site, { method: "PUT", path: "/k", headers, body: TEXT }), 200);
    const mode = { "x-amz-checksum-mode": "ENABLED", range: "bytes=0-3" };
    const got = await send(site, { method: "GET", path: "/k", headers: mode });
    assertAnswer(got, 206);
    assert.equal(got.headers["x-amz-checksum-crc32"], undefined);
  }),
  feature("a wrong Content-MD5 is refused", async (site) => {
    const md5 = createHash("md5").update("other").digest("base64");
    const put = { method: "PUT", path: "/k", body: TEXT };
    const wrong = await send(site, { ...put, headers: { "content-md5": md5 } });
    assertAnswer(wrong, 400, "BadDigest");
    const broken = await send(site, { ...put, headers: { "content-md5": "AAAA" } });
    assertAnswer(broken, 400, "InvalidDigest");
  }),
  feature("a wrong x-amz-content-sha256 is refused and leaves the old object", async (site) => {
    await putText(site, "/k", "old");
    const payloadHash = createHash("sha256").update("other").digest("hex");
    const put = await send(site, { method: "PUT", path: "/k", body: TEXT, payloadHash });
    assertAnswer(put, 400, "XAmzContentSHA256Mismatch");
    const got = await send(site, { method: "GET", path: "/k" });
    assert.equal(got.body.toString(), "old");
  }),
  feature("aws-chunked with signed chunks", async (site) => {
    assertAnswer(await putSigned(site, {}), 200);
    await assertWhole(site);
  }),
  feature("a bad chunk signature is refused with 403", async (site) => {
    const spoil = (framed: Buffer) => {
      framed[1000] = (framed[1000] ?? 0) ^ 1;
      return framed;
    };
    assertAnswer(await putSigned(site, { spoil }), 403, "SignatureDoesNotMatch");
    assert.equal((await send(site, { method: "GET", path: "/k" })).status, 404);
  }),
  feature("aws-chunked with signed chunks and a signed trailer", async (site) => {
    const trailer = ["x-amz-checksum-crc32", WHOLE_CRC32] as const;
    assertAnswer(await putSigned(site, { trailer }), 200);
    const got = await assertWhole(site);
    assert.equal(got.headers["x-amz-checksum-crc32"], WHOLE_CRC32);
  }),
  feature("aws-chunked, unsigned, with a CRC32 trailer", async (site) => {
    assertAnswer(await putUnsigned(site, ["x-amz-checksum-crc32", WHOLE_CRC32]), 200);
    const got = await assertWhole(site);
    assert.equal(got.headers["x-amz-checksum-crc32"], WHOLE_CRC32);
  }),
  feature("aws-chunked, unsigned, with a SHA-256 trailer", async (site) => {
    const value = createHash("sha256").update(WHOLE).digest("base64");
    assertAnswer(await putUnsigned(site, ["x-amz-checksum-sha256", value]), 200);
    const got = await assertWhole(site);
    assert.equal(got.headers["x-amz-checksum-sha256"], value);
  }),
  feature("aws-chunked in Transfer-Encoding: chunked, without Content-Length", async (site) => {
    const trailer = ["x-amz-checksum-crc32", WHOLE_CRC32] as const;
    assertAnswer(await putUnsigned(site, trailer, { hasLength: false }), 200);
    await assertWhole(site);
  }),
  feature("a wrong trailer is refused", async (site) => {
    const trailer = ["x-amz-checksum-crc32", WRONG_CRC32] as const;
    assertAnswer(await putUnsigned(site, trailer), 400, "BadDigest");
    assert.equal((await send(site, { method: "GET", path: "/k" })).status, 404);
  }),
  feature("a body shorter than its decoded length is refused", async (site) => {
    const raw = chunkedHead("STREAMING-UNSIGNED-PAYLOAD-TRAILER", "x-amz-checksum-crc32");
    const body = unsignedChunks(PIECES.slice(0, 1), ["x-amz-checksum-crc32", WHOLE_CRC32]);
    const answer = await send(site, { ...raw, path: "/k", body });
    assertAnswer(answer, 400, "IncompleteBody");
  }),
];
