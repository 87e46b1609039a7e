import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import type { PlaintextFacts } from "@s3eg/shared/contracts/crypto.ts";
import { bodyOfBytes } from "@s3eg/shared/http/body.ts";
import { summedPart } from "../../src/multipart/part-checksum.ts";
import { RunningUploads, refusedAs } from "./running-uploads.ts";

const BYTES = Buffer.from("a part");
const SHA256 = { algorithm: "sha256", type: "COMPOSITE" } as const;
const SENT = { algorithm: "sha256", type: "FULL_OBJECT", value: "sent" } as const;

function part(facts: PlaintextFacts, promised?: "sha256" | "crc32") {
  return { body: bodyOfBytes(BYTES), size: BYTES.length, promised, facts: () => facts };
}

describe("the checksum of a part", () => {
  it("is computed where the client sent none, or the policy another", async () => {
    const other = { algorithm: "crc64nvme", type: "FULL_OBJECT", value: "x" } as const;
    for (const facts of [{ md5: "m" }, { md5: "m", checksum: other }]) {
      const summed = summedPart(part(facts), { checksum: SHA256 });
      await summed.body.pump(() => undefined);
      const value = hash("sha256", BYTES, "base64");
      assert.deepEqual(summed.facts(), { md5: "m", checksum: { ...SENT, value } });
    }
  });

  it("is the client's where it sent one, and nobody's business where the upload has none", () => {
    const sent = part({ checksum: SENT }, "sha256");
    assert.equal(summedPart(sent, { checksum: SHA256 }).body, sent.body);
    assert.deepEqual(summedPart(sent, { checksum: SHA256 }).facts(), { checksum: SENT });
    const other = part({ checksum: SENT }, "sha256");
    assert.equal(summedPart(other, {}).body, other.body);
  });

  it("may not be another than the upload's", () => {
    const wrong = () => summedPart(part({}, "crc32"), { checksum: SHA256 });
    assert.throws(wrong, refusedAs("InvalidRequest"));
    const beside = part({ checksum: SENT }, "sha256");
    const standard = { algorithm: "crc64nvme", type: "FULL_OBJECT" } as const;
    assert.deepEqual(summedPart(beside, { checksum: standard }).facts(), { checksum: SENT });
  });

  it("goes into that of the whole, and is told", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create({ checksum: SHA256 });
    const named = await uploads.part(uploadId, 1, BYTES);
    const [listed] = (await uploads.list(uploadId)).parts;
    const sum = hash("sha256", BYTES, "buffer");
    assert.deepEqual(listed?.checksum, { algorithm: "sha256", value: sum.toString("base64") });
    const done = await uploads.complete(uploadId, [named]);
    assert.equal(done.checksum?.value, `${hash("sha256", sum, "base64")}-1`);
  });
});
