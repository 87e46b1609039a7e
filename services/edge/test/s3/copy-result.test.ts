import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { S3_NAMESPACE } from "@s3eg/shared/s3/xml.ts";
import { copyResult } from "../../src/s3/copy-result.ts";

describe("copyResult", () => {
  it("is S3's document, with the checksum where there is one", () => {
    const copy = { lastModified: "2026-01-01T00:00:00.000Z", etag: '"e"' };
    const begin = `<?xml version="1.0" encoding="UTF-8"?>\n<CopyObjectResult xmlns="${S3_NAMESPACE}"><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag>`;
    assert.equal(copyResult({ ...copy, checksum: undefined }), `${begin}</CopyObjectResult>`);
    const checksum = { algorithm: "crc32", type: "FULL_OBJECT", value: "AAAAAA==" } as const;
    assert.equal(
      copyResult({ ...copy, checksum }),
      `${begin}<ChecksumCRC32>AAAAAA==</ChecksumCRC32><ChecksumType>FULL_OBJECT</ChecksumType></CopyObjectResult>`,
    );
  });
});
