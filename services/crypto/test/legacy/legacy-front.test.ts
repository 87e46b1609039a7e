import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bodyOfBytes } from "@s3eg/shared/http/body.ts";
import { frontOf } from "../../src/legacy/legacy-front.ts";

function withFront(json: string, length = Buffer.byteLength(json)): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(length);
  return Buffer.concat([size, Buffer.from(json), Buffer.from("payload")]);
}

const front = (bytes: Buffer) =>
  frontOf(async (start, end) => {
    await Promise.resolve();
    return bodyOfBytes(bytes.subarray(start, end));
  }, bytes.byteLength);

describe("metadata in front of a payload", () => {
  it("is read with its length, and says where the payload begins", async () => {
    const json = JSON.stringify({ "x-amz-meta-encryption-iv": "iv" });
    const { metadata, bytes } = await front(withFront(json));
    assert.equal(metadata.get("encryption-iv"), "iv");
    assert.equal(bytes, 4 + json.length);
  });

  it("is refused where it is cut, too long, or no JSON", async () => {
    for (const bytes of [
      Buffer.alloc(3),
      withFront("{}", 1000),
      withFront("{}", 0xffff_ffff),
      withFront("{]"),
    ]) {
      await assert.rejects(front(bytes), { code: "crypto.integrity" });
    }
  });
});
