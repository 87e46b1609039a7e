import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import type { Contents, ObjectFacts } from "@s3eg/shared/contracts/crypto.ts";
import { storedSizeOf } from "@s3eg/shared/format/sizes.ts";
import type { PinnedObject } from "../src/facts-index.ts";
import type { KnownObjects } from "../src/object-facts.ts";
import { objectSizeOf } from "../src/object-size.ts";
import type { S3Request } from "../src/s3-request.ts";
import { headerFor } from "./stand-in-services.ts";

/** Asks for the size in a bucket with these contents; crypto, if asked, knows `facts`. */
async function sizeOf(
  contents: Contents,
  headers: HeaderFields,
  wish: { facts?: ObjectFacts; versionId?: string } = {},
) {
  const asked: PinnedObject[] = [];
  const { facts, ...version } = wish;
  const known: Pick<KnownObjects, "of"> = {
    async of(_request, object) {
      asked.push(object);
      return await Promise.resolve(facts);
    },
  };
  const request = { policyOf: () => ({ contents }) } as unknown as S3Request;
  const headed = { bucket: "b", key: "k", ...version, headers };
  const size = await objectSizeOf(request, { known: known as KnownObjects }, headed);
  return { size, asked };
}

const inParts = { "x-amz-meta-encrypted-mpu": "true", "content-length": "99", etag: '"e"' };

describe("the size of an object whose head was read", () => {
  it("is arithmetic for sealed and plain ones", async () => {
    const sealed = {
      "x-amz-meta-s3eg": headerFor(5, { bucket: "b", key: "k" }),
      "content-length": String(storedSizeOf(5)),
      etag: '"e"',
    };
    assert.deepEqual(await sizeOf("sealed", sealed), { size: 5, asked: [] });
    assert.deepEqual(await sizeOf("mixed", { "content-length": "7" }), { size: 7, asked: [] });
  });

  it("is asked of crypto where an object of format 1 does not say it, about the very one", async () => {
    const facts = { size: 42, isSealed: true };
    const pinned = { bucket: "b", key: "k", etag: '"e"' };
    const { size, asked } = await sizeOf("sealed+legacy", inParts, { facts });
    assert.equal(size, 42);
    assert.deepEqual(asked, [{ ...pinned, versionId: undefined }]);
    const versioned = await sizeOf("sealed+legacy", inParts, { facts, versionId: "v1" });
    assert.deepEqual(versioned.asked, [{ ...pinned, versionId: "v1" }]);
  });

  it("is never guessed", async () => {
    await assert.rejects(sizeOf("sealed+legacy", inParts), { code: "crypto.integrity" });
    await assert.rejects(sizeOf("sealed", inParts), { code: "crypto.not-sealed" });
    await assert.rejects(sizeOf("sealed+legacy", { "content-length": "7" }), {
      code: "crypto.not-sealed",
    });
  });
});
