import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "../../src/faults.ts";
import { bodyOfPieces } from "../../src/http/body.ts";
import {
  checkedBody,
  createDigest,
  type DigestAlgorithm,
  prepareChecksums,
} from "../../src/s3/checksums.ts";

const text = Buffer.from("123456789");
const CHECK_VALUES: [DigestAlgorithm, hex: string][] = [
  ["md5", "25f9e794323b453885f5181f1b624d0b"],
  ["sha1", "f7c3bc1d808e04732adf679965ccc34ca7ae3441"],
  ["sha256", "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"],
  ["crc32", "cbf43926"],
  ["crc32c", "e3069283"],
  ["crc64nvme", "ae8b14860a799888"],
];
const EMPTY_CRCS: [DigestAlgorithm, hex: string][] = [
  ["crc32", "00000000"],
  ["crc32c", "00000000"],
  ["crc64nvme", "0000000000000000"],
];
const withoutNative = await prepareChecksums(() => Promise.reject(new Error("no native addon")));

describe("createDigest", () => {
  for (const [where, create] of [
    ["with the native addon", createDigest],
    ["without it", withoutNative],
  ] as const) {
    for (const [algorithm, hex] of CHECK_VALUES) {
      it(`gives the check value of ${algorithm} ${where}, in one piece and byte by byte`, () => {
        const whole = create(algorithm);
        whole.update(text);
        assert.equal(whole.digest().toString("hex"), hex);
        const bytewise = create(algorithm);
        for (const byte of text) bytewise.update(Uint8Array.of(byte));
        assert.equal(bytewise.digest().toString("hex"), hex);
      });
    }
    for (const [algorithm, hex] of EMPTY_CRCS) {
      it(`gives zeros for the ${algorithm} of nothing ${where}`, () => {
        assert.equal(create(algorithm).digest().toString("hex"), hex);
      });
    }
    it(`keeps digests apart that are computed at the same time ${where}`, () => {
      const digests = CHECK_VALUES.flatMap(([algorithm, hex]) => [
        { digest: create(algorithm), hex },
        { digest: create(algorithm), hex },
      ]);
      for (const byte of text) {
        for (const { digest } of digests) digest.update(Uint8Array.of(byte));
      }
      for (const { digest, hex } of digests) assert.equal(digest.digest().toString("hex"), hex);
    });
  }
});

describe("checkedBody", () => {
  const pieces = [text.subarray(0, 4), text.subarray(4)];
  const check = (expectedHex: string) => ({
    digest: createDigest("sha256"),
    verify(actual: Buffer) {
      if (actual.toString("hex") !== expectedHex) throw new Error("bad digest");
    },
  });
  const taken: Uint8Array[] = [];
  const take = (piece: Uint8Array) => void taken.push(piece);
  const isIncomplete = (error: unknown) => isFault(error, "input.incomplete-body");

  it("passes the same pieces on and ends when length and digests are right", async () => {
    taken.length = 0;
    await checkedBody(bodyOfPieces(pieces), [check(CHECK_VALUES[2]?.[1] ?? "")], 9).pump(take);
    assert.equal(taken[0], pieces[0]);
    assert.equal(taken[1], pieces[1]);
  });

  it("does not end when a digest is wrong", async () => {
    await assert.rejects(checkedBody(bodyOfPieces(pieces), [check("00")]).pump(take), {
      message: "bad digest",
    });
  });

  it("does not end when bytes are missing, digest or not", async () => {
    await assert.rejects(checkedBody(bodyOfPieces(pieces), [], 10).pump(take), isIncomplete);
    await assert.rejects(checkedBody(bodyOfPieces([]), [], 1).pump(take), isIncomplete);
  });

  it("gives a body up that is too long, before its last piece is passed on", async () => {
    taken.length = 0;
    await assert.rejects(checkedBody(bodyOfPieces(pieces), [], 8).pump(take), isIncomplete);
    assert.equal(taken.length, 1);
  });

  it("waits for the taker and rejects when it does or when it is destroyed", async () => {
    let isTaken = false;
    await checkedBody(bodyOfPieces([text]), []).pump(async () => {
      await Promise.resolve();
      isTaken = true;
    });
    assert.equal(isTaken, true);
    const refusal = new Error("no more");
    await assert.rejects(
      checkedBody(bodyOfPieces([text]), []).pump(() => Promise.reject(refusal)),
      refusal,
    );
    const body = checkedBody(bodyOfPieces(pieces), []);
    await assert.rejects(
      body.pump(() => body.destroy(refusal)),
      refusal,
    );
  });
});
