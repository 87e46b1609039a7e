import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { uploadChecksum } from "../../src/s3/upload-checksum.ts";

const asked = (algorithm: string, type?: string) =>
  uploadChecksum({
    "x-amz-checksum-algorithm": algorithm,
    ...(type === undefined ? {} : { "x-amz-checksum-type": type }),
  });

describe("the checksum of an upload", () => {
  it("is none where none is asked for", () => {
    assert.equal(uploadChecksum({}), undefined);
  });

  for (const [name, type, algorithm, given] of [
    ["CRC32", undefined, "crc32", "COMPOSITE"],
    ["crc32c", "FULL_OBJECT", "crc32c", "FULL_OBJECT"],
    ["SHA1", "COMPOSITE", "sha1", "COMPOSITE"],
    ["SHA256", undefined, "sha256", "COMPOSITE"],
    ["CRC64NVME", undefined, "crc64nvme", "FULL_OBJECT"],
    ["CRC64NVME", "FULL_OBJECT", "crc64nvme", "FULL_OBJECT"],
  ] as const) {
    it(`is ${algorithm}, ${given} for ${name}, ${type ?? "no type"}`, () => {
      assert.deepEqual(asked(name, type), { algorithm, type: given });
    });
  }

  for (const [name, type] of [
    ["MD5", undefined],
    ["", undefined],
    ["SHA256", "FULL_OBJECT"],
    ["CRC64NVME", "COMPOSITE"],
    ["CRC32", "OTHER"],
    ["CRC99", "FULL_OBJECT"],
  ] as const) {
    it(`is refused for ${name || "nothing"}, ${type ?? "no type"}`, () => {
      assert.throws(() => asked(name, type), { code: "InvalidRequest" });
    });
  }
});
