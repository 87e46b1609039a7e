import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isInParts, placeOfPart } from "../src/object-parts.ts";
import { runningEdge } from "./running-edge.ts";
import { ETAG, FACTS, PARTS, standInParts } from "./stand-in-parts.ts";
import { headerFor } from "./stand-in-services.ts";

const MIB = 1024 * 1024;

describe("the parts of an object", () => {
  it("are known to be there from its header", async () => {
    await using edge = await runningEdge();
    standInParts(edge, "photos/cat");
    const { headers } = edge.backend.objects.get("photos/cat") ?? assert.fail();
    assert.equal(isInParts(headers["x-amz-meta-s3eg"]), true);
    assert.equal(isInParts(headerFor(5, { bucket: "b", key: "k" })), false);
    assert.equal(isInParts(undefined), false);
  });

  it("lie one behind the other, each with its own checksum", () => {
    const described = { facts: FACTS, parts: PARTS };
    assert.deepEqual(placeOfPart(described, 3), {
      offset: 5 * MIB,
      length: 6 * MIB,
      checksum: { algorithm: "crc32", type: "COMPOSITE", value: "AAAAAQ==" },
    });
    const plain = { facts: { size: 1, isSealed: true }, parts: [{ partNumber: 1, size: 1 }] };
    assert.deepEqual(placeOfPart(plain, 1), { offset: 0, length: 1 });
    assert.throws(() => placeOfPart(described, 2), {
      code: "InvalidPartNumber",
      fields: { ActualPartCount: 2, PartNumberRequested: 2 },
    });
  });

  it("are asked of crypto for exactly the object that was seen, with the customer's key", async () => {
    await using edge = await runningEdge();
    const asked = standInParts(edge, "photos/cat");
    const key = { "x-amz-server-side-encryption-customer-key": "k" };
    const sending = { method: "HEAD", path: "/photos/cat?partNumber=3&versionId=v" };
    const { status, headers } = await edge.send({ ...sending, headers: key, accessKey: "AK2" });
    assert.equal(status, 206);
    assert.equal(headers["content-range"], `bytes ${5 * MIB}-${11 * MIB - 1}/${11 * MIB}`);
    assert.equal(headers["x-amz-mp-parts-count"], "2");
    const target = { bucket: "photos", key: "cat", versionId: "v", identity: "BK2" };
    const place = { bucket: "photos", key: "cat" };
    assert.deepEqual(asked, [{ target, place, etag: ETAG, headers: key }]);
  });
});
