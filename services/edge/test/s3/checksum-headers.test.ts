import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { el, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import {
  checkSdkAlgorithm,
  checksumElement,
  checksumElements,
  checksumHeaders,
  listedChecksum,
  namedAlgorithm,
  partChecksumHeader,
  wantsChecksum,
} from "../../src/s3/checksum-headers.ts";

const CRC32C = { algorithm: "crc32c", type: "FULL_OBJECT", value: "AAAAAA==" } as const;

describe("the checksum of an object", () => {
  it("is a header and its type, or nothing", () => {
    assert.deepEqual(checksumHeaders(CRC32C), {
      "x-amz-checksum-crc32c": "AAAAAA==",
      "x-amz-checksum-type": "FULL_OBJECT",
    });
    assert.deepEqual(checksumHeaders(undefined), {});
    assert.deepEqual(partChecksumHeader(CRC32C), { "x-amz-checksum-crc32c": "AAAAAA==" });
    assert.deepEqual(partChecksumHeader(undefined), {});
  });

  it("is an element of its own for a part, or nothing", () => {
    const sum = checksumElement(CRC32C) ?? assert.fail();
    assert.match(xmlDocument(sum), /<ChecksumCRC32C>AAAAAA==<\/ChecksumCRC32C>$/);
    assert.equal(checksumElement(undefined), undefined);
  });

  it("is an element and its type, or nothing", () => {
    const xml = xmlDocument(el("Checksum", ...checksumElements(CRC32C)));
    assert.match(
      xml,
      /<Checksum><ChecksumCRC32C>AAAAAA==<\/ChecksumCRC32C><ChecksumType>FULL_OBJECT<\/ChecksumType><\/Checksum>/,
    );
    assert.deepEqual(checksumElements(undefined), []);
  });

  it("is in listings without its value", () => {
    const xml = xmlDocument(el("Contents", ...listedChecksum(CRC32C)));
    const shown =
      "<ChecksumAlgorithm>CRC32C</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>";
    assert.ok(xml.includes(`<Contents>${shown}</Contents>`));
    assert.deepEqual(listedChecksum(undefined), []);
  });

  it("is given to who asks for it", () => {
    assert.ok(wantsChecksum({ "x-amz-checksum-mode": "ENABLED" }));
    assert.ok(wantsChecksum({ "x-amz-checksum-mode": "enabled" }));
    assert.ok(!wantsChecksum({ "x-amz-checksum-mode": "no" }));
    assert.ok(!wantsChecksum({}));
  });
});

describe("the algorithm a header names", () => {
  const NAME = "x-amz-checksum-algorithm";

  it("is one of S3's, in any case of letters", () => {
    for (const [value, algorithm] of [
      ["CRC32", "crc32"],
      ["crc32c", "crc32c"],
      ["CRC64NVME", "crc64nvme"],
      ["SHA1", "sha1"],
      ["SHA256", "sha256"],
    ] as const) {
      assert.equal(namedAlgorithm({ [NAME]: value }, NAME), algorithm);
    }
    assert.equal(namedAlgorithm({}, NAME), undefined);
    assert.throws(() => namedAlgorithm({ [NAME]: "MD5" }, NAME), { code: "InvalidRequest" });
  });

  it("must be that of the checksum sent, and one must be sent", () => {
    const headers = { "x-amz-sdk-checksum-algorithm": "SHA256" };
    checkSdkAlgorithm(headers, "sha256");
    checkSdkAlgorithm({}, undefined);
    checkSdkAlgorithm({}, "crc32");
    for (const promised of ["crc32", undefined] as const) {
      assert.throws(() => checkSdkAlgorithm(headers, promised), { code: "InvalidRequest" });
    }
  });
});
