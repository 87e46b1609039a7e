import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import { RunningUploads, refusedAs } from "./running-uploads.ts";

const NINE = Buffer.from("123456789");

describe("list-parts", () => {
  it("tells plaintext sizes of the latest attempts, in rising order", async () => {
    await using uploads = new RunningUploads();
    const checksum = { algorithm: "crc32", type: "FULL_OBJECT" } as const;
    const { uploadId } = await uploads.create({ checksum });
    const own = { algorithm: "crc32", type: "FULL_OBJECT", value: "y/Q5Jg==" } as const;
    const last = await uploads.partWith(
      { uploadId, partNumber: 7, bytes: NINE },
      { checksum: own },
    );
    await uploads.part(uploadId, 2, Buffer.from("older"));
    const newer = await uploads.part(uploadId, 2, Buffer.from("newest"));
    const { result, parts } = await uploads.list(uploadId);
    assert.deepEqual(result, { checksum });
    assert.deepEqual(
      parts.map(({ lastModifiedMs: _, ...part }) => part),
      [
        {
          partNumber: 2,
          size: 6,
          etag: newer.etag,
          md5: hash("md5", "newest"),
          checksum: { algorithm: "crc32", value: "OWA5Sg==" },
        },
        {
          partNumber: 7,
          size: 9,
          etag: last.etag,
          checksum: { algorithm: "crc32", value: "y/Q5Jg==" },
        },
      ],
    );
  });

  it("is empty at first, and refused once the upload is over", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    assert.deepEqual(await uploads.list(uploadId), { result: {}, parts: [] });
    await uploads.abort(uploadId);
    await assert.rejects(uploads.list(uploadId), refusedAs("NoSuchUpload"));
  });
});
