import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  decodeAttempt,
  decodeResult,
  decodeUpload,
  encodeAttempt,
  encodeResult,
  encodeUpload,
} from "../../src/multipart-state/state-records.ts";
import { anAttempt, anUpload, faultOf } from "./state-contract.ts";

describe("records of uploads", () => {
  it("come back as they were written, with and without what is optional", () => {
    const full = anUpload();
    const { checksum, identity, ...bare } = full;
    for (const upload of [full, bare]) assert.deepEqual(decodeUpload(encodeUpload(upload)), upload);
    const { checksum: sum, md5, ...short } = anAttempt(3);
    for (const attempt of [anAttempt(3), { ...short, backendEtag: '"e"' }]) {
      const written = encodeAttempt({ ...attempt, isParked: true });
      const salt = Buffer.from(attempt.salt);
      assert.deepEqual(decodeAttempt(written, 9), {
        ...attempt,
        salt,
        isParked: true,
        sequence: 9,
      });
    }
    const result = { bucket: "b", key: "k", result: "<xml/>" };
    assert.deepEqual(decodeResult(encodeResult(result)), result);
  });

  it("do not write the sequence, which the store gives", () => {
    const written = encodeAttempt({ ...anAttempt(1), isParked: false });
    assert.equal(written.includes("sequence"), false);
    const kept = decodeAttempt(written, 4);
    assert.equal(encodeAttempt(kept).equals(written), true);
  });

  it("of another version of the gateway are out of reach, or read without what is new", () => {
    const isForeign = (error: unknown) => {
      faultOf("state.unavailable")(error);
      return true;
    };
    for (const text of ["", "{", "{}", "[]", '{"uploadId":1}']) {
      assert.throws(() => decodeUpload(Buffer.from(text)), isForeign);
      assert.throws(() => decodeAttempt(Buffer.from(text), 1), isForeign);
      assert.throws(() => decodeResult(Buffer.from(text)), isForeign);
    }
    const newer = Buffer.from(JSON.stringify({ ...anUpload(), isNew: true }));
    assert.deepEqual(decodeUpload(newer), anUpload());
  });
});
