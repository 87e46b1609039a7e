import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  checkSdkAlgorithm,
  checksumHeaders,
  namedAlgorithm,
  wantsChecksum,
} from "../../src/s3/checksum-headers.ts";

describe("checksum headers", () => {
  it("give an object's checksum, if it has one", () => {
    const checksum = { algorithm: "sha1", type: "FULL_OBJECT", value: "v" } as const;
    const headers = { "x-amz-checksum-sha1": "v", "x-amz-checksum-type": "FULL_OBJECT" };
    assert.deepEqual(checksumHeaders(checksum), headers);
    assert.deepEqual(checksumHeaders(undefined), {});
  });

  it("are wanted by who says so", () => {
    assert.equal(wantsChecksum({ "x-amz-checksum-mode": "enabled" }), true);
    assert.equal(wantsChecksum({ "x-amz-checksum-mode": "no" }), false);
    assert.equal(wantsChecksum({}), false);
  });

  it("name algorithms that S3 knows", () => {
    assert.equal(namedAlgorithm({ a: "CRC64NVME" }, "a"), "crc64nvme");
    assert.equal(namedAlgorithm({ a: "sha256" }, "a"), "sha256");
    assert.equal(namedAlgorithm({}, "a"), undefined);
    assert.throws(() => namedAlgorithm({ a: "MD6" }, "a"), { code: "InvalidRequest" });
  });

  it("bear out what the SDK says it sends", () => {
    const says = (name: string) => ({ "x-amz-sdk-checksum-algorithm": name });
    checkSdkAlgorithm({}, undefined);
    checkSdkAlgorithm(says("CRC32"), "crc32");
    assert.throws(() => checkSdkAlgorithm(says("CRC32"), undefined), { code: "InvalidRequest" });
    assert.throws(() => checkSdkAlgorithm(says("CRC32"), "sha1"), { code: "InvalidRequest" });
  });
});
