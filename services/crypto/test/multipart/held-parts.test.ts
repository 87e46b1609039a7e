import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { heldEtags } from "../../src/multipart/held-parts.ts";
import { RunningUploads, refusedAs } from "./running-uploads.ts";

const TARGET = { bucket: "b", key: "k" };

describe("heldEtags", () => {
  it("finds the parts that are asked for, over as many pages as it takes", async () => {
    await using uploads = new RunningUploads();
    const { backend } = uploads;
    const { uploadId } = await uploads.create();
    const parts = backend.uploads.get(uploadId)?.parts;
    for (let number = 1; number <= 2500; number += 1) {
      parts?.set(number, { bytes: Buffer.alloc(0), etag: `"e${number}"` });
    }
    const asking = { head: { target: TARGET, uploadId }, requestId: "r" };
    const before = backend.requests.length;
    const held = await heldEtags(uploads, asking, [2, 2400, 9000]);
    assert.deepEqual(
      [...held],
      [
        [2, '"e2"'],
        [2400, '"e2400"'],
      ],
    );
    assert.ok(backend.requests.length - before <= 4);
    const gone = { ...asking, head: { target: TARGET, uploadId: "none" } };
    await assert.rejects(heldEtags(uploads, gone, [1]), refusedAs("NoSuchUpload"));
  });
});
