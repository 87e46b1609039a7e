import assert from "node:assert/strict";
import { createSecretKey, hash } from "node:crypto";
import { describe, it } from "node:test";
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import type { ChecksumName } from "@s3eg/shared/contracts/crypto.ts";
import { bodyOfPieces, collectBody } from "@s3eg/shared/http/body.ts";
import { encodeAwsChunked } from "@s3eg/shared/s3/aws-chunked-encode.ts";
import { createDigest } from "@s3eg/shared/s3/checksums.ts";
import type { ChunkSigning, PayloadMode } from "@s3eg/shared/s3/sigv4-verify.ts";
import { plainBody, type WantedFacts } from "../../src/auth/plain-body.ts";

const TEXT = "meow";
const UNSIGNED = { kind: "unsigned" } as PayloadMode;
const TRAILED: PayloadMode = { kind: "chunked", isSigned: false, hasTrailer: true };
const SIGNING: ChunkSigning = {
  signingKey: createSecretKey(Buffer.from("k")),
  scope: "20260101/us-east-1/s3/aws4_request",
  timestamp: "20260101T000000Z",
  seedSignature: "0".repeat(64),
};

function sumOf(algorithm: ChecksumName, text = TEXT): string {
  const digest = createDigest(algorithm);
  digest.update(Buffer.from(text));
  return digest.digest().toString("base64");
}

/** Announces and takes a body, one byte a piece. */
async function take(
  wire: string | Buffer,
  headers: HeaderFields,
  signature: { payload: PayloadMode; chunkSigning?: ChunkSigning; wanted?: WantedFacts } = {
    payload: UNSIGNED,
  },
) {
  const pieces = [...Buffer.from(wire)].map((byte) => Uint8Array.of(byte));
  const { body, facts } = plainBody(bodyOfPieces(pieces), headers, signature);
  const bytes = await collectBody(body, 1e6, () => new Error("too large"));
  return { text: bytes.toString(), facts: facts() };
}

/** The algorithm that a head promises. */
const promisedBy = (headers: HeaderFields) =>
  plainBody(bodyOfPieces([]), { "content-length": "4", ...headers }, { payload: UNSIGNED })
    .promised;

const plain = (headers: HeaderFields, payload = UNSIGNED) =>
  take(TEXT, { "content-length": "4", ...headers }, { payload });

const trailed = (
  headers: HeaderFields,
  trailers: Record<string, string>,
  wire = [Buffer.from(TEXT)],
) =>
  take(
    encodeAwsChunked(wire, { trailers }),
    { "x-amz-decoded-content-length": "4", ...headers },
    { payload: TRAILED },
  );

describe("plainBody", () => {
  it("says which checksum the client promised, before it comes", () => {
    const sha1 = `${"A".repeat(27)}=`;
    assert.equal(promisedBy({ "x-amz-checksum-sha1": sha1 }), "sha1");
    assert.equal(promisedBy({ "x-amz-checksum-mode": "ENABLED" }), undefined);
  });

  it("gives a body through whose SHA-256 is the signed one", async () => {
    const payload: PayloadMode = { kind: "hash", sha256: hash("sha256", TEXT) };
    assert.deepEqual(await plain({}, payload), { text: TEXT, facts: {} });
  });

  it("does not end a body whose SHA-256 is another", async () => {
    const payload: PayloadMode = { kind: "hash", sha256: hash("sha256", "woof") };
    await assert.rejects(plain({}, payload), { code: "input.sha256-mismatch" });
  });

  for (const [what, headers, code] of [
    ["no length", {}, "MissingContentLength"],
    ["a length that is no number", { "content-length": "4x" }, "InvalidArgument"],
    ["a negative length", { "content-length": "-4" }, "InvalidArgument"],
  ] as const) {
    it(`refuses ${what} at once`, async () => {
      await assert.rejects(take(TEXT, headers), { code });
    });
  }

  for (const length of ["3", "5"]) {
    it(`does not end a body of 4 bytes that was announced with ${length}`, async () => {
      const headers = { "content-length": length };
      await assert.rejects(take(TEXT, headers), { code: "input.incomplete-body" });
    });
  }

  it("learns the MD5 that the client promised", async () => {
    const { facts } = await plain({ "content-md5": hash("md5", TEXT, "base64") });
    assert.equal(facts.md5, hash("md5", TEXT));
  });

  it("does not end a body that has another MD5", async () => {
    const wrong = { "content-md5": hash("md5", "woof", "base64") };
    await assert.rejects(plain(wrong), { code: "input.bad-digest" });
  });

  const md5 = hash("md5", TEXT, "base64");
  for (const value of ["", "no", hash("md5", TEXT), `${md5}!`, md5.slice(0, -2), `${md5},${md5}`]) {
    it(`refuses Content-MD5 ${JSON.stringify(value)} at once`, async () => {
      await assert.rejects(plain({ "content-md5": value }), { code: "InvalidDigest" });
    });
  }
});

for (const algorithm of ["crc32", "crc32c", "crc64nvme", "sha1", "sha256"] as const) {
  const name = `x-amz-checksum-${algorithm}`;
  const announced = { "x-amz-trailer": name };
  describe(name, () => {
    it("is learned from a header or a trailer that is right", async () => {
      const value = sumOf(algorithm);
      const checksum = { algorithm, type: "FULL_OBJECT", value };
      assert.deepEqual((await plain({ [name]: value })).facts, { checksum });
      assert.deepEqual((await trailed(announced, { [name]: value })).facts, { checksum });
    });

    it("does not let a body end that has another", async () => {
      const value = sumOf(algorithm, "woof");
      await assert.rejects(plain({ [name]: value }), { code: "input.bad-digest" });
      await assert.rejects(trailed(announced, { [name]: value }), { code: "input.bad-digest" });
    });

    it("must be base64 of its size", async () => {
      const value = sumOf(algorithm);
      for (const malformed of ["", "no", `${value}=`, ` ${value}`, `!${value}`, `${value}AAAA`]) {
        await assert.rejects(plain({ [name]: malformed }), { code: "InvalidRequest" }, malformed);
      }
      await assert.rejects(trailed(announced, { [name]: "no" }), { code: "InvalidRequest" });
    });

    it("must come when it was announced", async () => {
      await assert.rejects(trailed(announced, {}), { code: "InvalidRequest" });
    });
  });
}

describe("checksums", () => {
  const crc32 = { "x-amz-checksum-crc32": sumOf("crc32") };
  const sha1 = { "x-amz-checksum-sha1": sumOf("sha1") };

  it("are one at most", async () => {
    const two = { ...crc32, ...sha1 };
    await assert.rejects(plain(two), { code: "InvalidRequest" });
    const announced = { "x-amz-trailer": "x-amz-checksum-crc32" };
    await assert.rejects(trailed({ ...sha1, ...announced }, crc32), { code: "InvalidRequest" });
    const both = { "x-amz-trailer": "x-amz-checksum-crc32, x-amz-checksum-sha1" };
    await assert.rejects(trailed(both, two), { code: "InvalidRequest" });
  });

  it("that cannot be computed are refused and not ignored", async () => {
    await assert.rejects(plain({ "x-amz-checksum-md6": "AAAA" }), { code: "InvalidRequest" });
    const announced = { "x-amz-trailer": "x-amz-checksum-md6" };
    await assert.rejects(trailed(announced, {}), { code: "InvalidRequest" });
    await assert.rejects(trailed({ "x-amz-trailer": "x-other" }, {}), { code: "InvalidRequest" });
  });

  it("in a trailer that nobody announced are refused and not ignored", async () => {
    await assert.rejects(trailed({}, crc32), { code: "InvalidRequest" });
  });

  it("in a trailer need a body that has trailers", async () => {
    const announced = { "x-amz-trailer": "x-amz-checksum-crc32" };
    await assert.rejects(plain(announced), { code: "InvalidRequest" });
  });

  it("are not promised by headers that speak about them", async () => {
    const about = { "x-amz-checksum-type": "FULL_OBJECT", "x-amz-checksum-algorithm": "CRC32" };
    assert.equal((await plain({ ...crc32, ...about })).text, TEXT);
  });
});

describe("wanted facts", () => {
  const length = { "content-length": "4" };
  const wanting = (md5: boolean, checksum: boolean) => ({
    payload: UNSIGNED,
    wanted: { md5, checksum },
  });

  it("are learned where the client promised none", async () => {
    assert.deepEqual((await take(TEXT, length, wanting(true, true))).facts, {
      md5: hash("md5", TEXT),
      checksum: { algorithm: "crc64nvme", type: "FULL_OBJECT", value: sumOf("crc64nvme") },
    });
    assert.deepEqual((await take(TEXT, length, wanting(false, false))).facts, {});
  });

  it("leave the client's own checksum in force", async () => {
    const headers = { ...length, "x-amz-checksum-sha1": sumOf("sha1") };
    const { facts } = await take(TEXT, headers, wanting(true, true));
    assert.equal(facts.checksum?.algorithm, "sha1");
  });
});

describe("x-amz-sdk-checksum-algorithm", () => {
  it("is refused without its checksum, or with another, and good with its trailer", async () => {
    const headers = { "content-length": "4", "x-amz-sdk-checksum-algorithm": "CRC32" };
    const sum = { "x-amz-checksum-crc32": sumOf("crc32") };
    await assert.rejects(take(TEXT, headers), { code: "InvalidRequest" });
    const other = { ...headers, "x-amz-checksum-sha1": sumOf("sha1") };
    await assert.rejects(take(TEXT, other), { code: "InvalidRequest" });
    assert.equal((await take(TEXT, { ...headers, ...sum })).text, TEXT);
    const announced = { "x-amz-trailer": "x-amz-checksum-crc32" };
    assert.equal((await trailed({ ...headers, ...announced }, sum)).text, TEXT);
  });
});

describe("an aws-chunked body", () => {
  it("gives its plaintext, without a frame", async () => {
    assert.equal((await trailed({}, {})).text, TEXT);
  });

  it("needs its decoded length", async () => {
    const wire = encodeAwsChunked([Buffer.from(TEXT)], { trailers: {} });
    const headers = { "content-length": String(wire.byteLength) };
    await assert.rejects(take(wire, headers, { payload: TRAILED }), {
      code: "MissingContentLength",
    });
  });

  for (const length of ["3", "5"]) {
    it(`does not end with 4 bytes when ${length} were announced`, async () => {
      const headers = { "x-amz-decoded-content-length": length };
      await assert.rejects(trailed(headers, {}), { code: "input.incomplete-body" });
    });
  }

  it("is checked chunk by chunk where chunks are signed", async () => {
    const payload: PayloadMode = { kind: "chunked", isSigned: true, hasTrailer: false };
    const headers = { "x-amz-decoded-content-length": "4" };
    const wire = encodeAwsChunked([Buffer.from(TEXT)], { signing: SIGNING });
    assert.equal((await take(wire, headers, { payload, chunkSigning: SIGNING })).text, TEXT);
    const forged = Buffer.from(wire.toString("latin1").replace(TEXT, "woof"), "latin1");
    await assert.rejects(take(forged, headers, { payload, chunkSigning: SIGNING }), {
      code: "auth.signature-mismatch",
    });
  });
});
