import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OPERATION_NAMES, operationName } from "../../src/s3/operation-name.ts";

const copying = { "x-amz-copy-source": "/b/k" };

describe("operationName", () => {
  for (const [method, place, query, headers, expected] of [
    ["GET", {}, [], {}, "ListBuckets"],
    ["GET", { bucket: "b" }, [["prefix", "a"]], {}, "ListObjects"],
    [
      "GET",
      { bucket: "b" },
      [
        ["prefix", "a"],
        ["list-type", "2"],
      ],
      {},
      "ListObjectsV2",
    ],
    ["POST", { bucket: "b" }, [["delete", ""]], {}, "DeleteObjects"],
    ["PUT", { bucket: "b" }, [], {}, "CreateBucket"],
    ["PUT", { bucket: "b" }, [["cors", ""]], {}, undefined],
    ["GET", { bucket: "b", key: "k" }, [["versionId", "1"]], {}, "GetObject"],
    ["GET", { bucket: "b", key: "k" }, [["torrent", ""]], {}, undefined],
    ["PUT", { bucket: "b", key: "k" }, [], {}, "PutObject"],
    ["PUT", { bucket: "b", key: "k" }, [], copying, "CopyObject"],
    [
      "PUT",
      { bucket: "b", key: "k" },
      [
        ["partNumber", "1"],
        ["uploadId", "u"],
      ],
      {},
      "UploadPart",
    ],
    [
      "PUT",
      { bucket: "b", key: "k" },
      [
        ["partNumber", "1"],
        ["uploadId", "u"],
      ],
      copying,
      "UploadPartCopy",
    ],
    ["POST", { bucket: "b", key: "k" }, [["uploads", ""]], {}, "CreateMultipartUpload"],
    ["POST", { bucket: "b", key: "k" }, [["uploadId", "u"]], {}, "CompleteMultipartUpload"],
    ["DELETE", { bucket: "b", key: "k" }, [["uploadId", "u"]], {}, "AbortMultipartUpload"],
  ] as const) {
    const asked = `${method} ${JSON.stringify(place)} ${JSON.stringify(query)}`;
    it(`calls ${asked} ${expected}`, () => {
      assert.equal(operationName({ method, ...place, query, headers }), expected);
      assert.ok(expected === undefined || OPERATION_NAMES.has(expected));
    });
  }
});
