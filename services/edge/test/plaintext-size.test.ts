import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CHUNK_BYTES, HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { storedSizeOf } from "@s3eg/shared/format/sizes.ts";
import { plaintextSizeOfAnswer } from "../src/plaintext-size.ts";
import { headerFor } from "./stand-in-services.ts";

const headers = (size: number, stored: number | undefined) => ({
  [HEADER_FIELD]: headerFor(size, { bucket: "b", key: "k" }),
  ...(stored === undefined ? {} : { "content-length": String(stored) }),
});

describe("plaintextSizeOfAnswer", () => {
  for (const size of [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES]) {
    it(`is ${size} for a sealed object that is as large as its header says`, () => {
      const answer = headers(size, storedSizeOf(size));
      for (const contents of ["sealed", "mixed"] as const) {
        assert.equal(plaintextSizeOfAnswer(answer, contents), size);
      }
    });
  }

  it("is never guessed for a sealed object of another size", () => {
    for (const stored of [0, 1, storedSizeOf(5) - 1, storedSizeOf(5) + 1]) {
      assert.throws(() => plaintextSizeOfAnswer(headers(5, stored), "sealed"), {
        code: "crypto.integrity",
      });
    }
    const damaged = { [HEADER_FIELD]: "x", "content-length": "149" };
    assert.throws(() => plaintextSizeOfAnswer(damaged, "mixed"), { code: "crypto.integrity" });
  });

  it("is the stored size of a plain object where the policy lets it be read", () => {
    const plain = { "content-length": "7" };
    assert.equal(plaintextSizeOfAnswer(plain, "mixed"), 7);
    assert.throws(() => plaintextSizeOfAnswer(plain, "sealed"), { code: "crypto.not-sealed" });
  });

  it("needs a length", () => {
    for (const answer of [{}, { "content-length": "x" }, headers(5, undefined)]) {
      assert.throws(() => plaintextSizeOfAnswer(answer, "mixed"), { code: "backend.unavailable" });
    }
  });
});
