import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OPERATIONS } from "../src/inbox.ts";
import { requestCost, waitingCost } from "../src/request-cost.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const costOf = (name: string, headers = {}) => requestCost({ name }, headers);
const sized = (bytes: number) => ({ "content-length": String(bytes) });

describe("what a request may need of memory", () => {
  it("is little where no body is", () => {
    for (const name of ["HeadObject", "DeleteObject", "CreateMultipartUpload"]) {
      assert.equal(costOf(name), 64 * KIB);
    }
  });

  it("grows with small bodies and no more with large ones", () => {
    assert.equal(costOf("PutObject", sized(0)), 64 * KIB);
    assert.equal(costOf("PutObject", sized(4 * KIB)), 72 * KIB);
    assert.equal(costOf("PutObject", sized(64 * MIB)), costOf("PutObject", sized(5 * 1024 * MIB)));
    assert.ok(costOf("PutObject", sized(64 * MIB)) < MIB);
  });

  it("is that of a large body where its size is not told", () => {
    const chunked = { "transfer-encoding": "chunked" };
    assert.equal(costOf("PutObject", chunked), costOf("PutObject", sized(64 * MIB)));
    assert.equal(costOf("PutObject", sized(-1)), costOf("PutObject"));
    const told = { ...chunked, "x-amz-decoded-content-length": "4096" };
    assert.equal(costOf("PutObject", told), 72 * KIB);
  });

  it("is all of a part that is held until the upload is completed", () => {
    assert.equal(costOf("UploadPart", sized(MIB)), 64 * KIB + 3 * MIB);
    assert.equal(costOf("UploadPart", sized(5 * MIB)), costOf("PutObject", sized(5 * MIB)));
  });

  it("is several times the size of a document", () => {
    assert.equal(costOf("DeleteObjects", sized(100 * KIB)), 864 * KIB);
    assert.ok(costOf("DeleteObjects", { "transfer-encoding": "chunked" }) > 64 * MIB);
  });

  it("counts both ways of a copy, and the names of a listing", () => {
    assert.equal(costOf("CopyObject"), 64 * KIB + 2 * (costOf("GetObject") - 64 * KIB));
    assert.ok(costOf("ListObjectsV2") > costOf("CopyObject"));
  });

  it("of one that waits is what was read of its body, and something for its head", () => {
    assert.equal(waitingCost(64 * KIB), 96 * KIB);
  });

  it("knows operations by the names that they have", () => {
    const heavy = OPERATIONS.filter((operation) => requestCost(operation, sized(0)) > 64 * KIB);
    assert.deepEqual(heavy.map(({ name }) => name).toSorted(), [
      "CopyObject",
      "GetObject",
      "GetObjectAttributes",
      "ListMultipartUploads",
      "ListObjectVersions",
      "ListObjects",
      "ListObjectsV2",
      "ListParts",
      "UploadPartCopy",
    ]);
  });
});
