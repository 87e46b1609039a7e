import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openObject } from "@s3eg/shared/contracts/crypto.ts";
import { collectBody } from "@s3eg/shared/http/body.ts";
import { LocalTransfers } from "@s3eg/shared/http/local-transfer.ts";
import { readingSmallFirst } from "../../src/jobs/small-reads.ts";
import { keptLog } from "../running-edge.ts";

const HEAD = {
  target: { bucket: "b", key: "k" },
  place: { bucket: "b", key: "k" },
  contents: "mixed" as const,
  headers: {},
  query: [],
};

describe("readingSmallFirst", () => {
  it("has read what is small before it gives it, and leaves what is not to who takes it", async () => {
    for (const [length, isReadBefore] of [
      [4, true],
      [5, false],
    ] as const) {
      const transfers = new LocalTransfers({ log: keptLog() });
      let isRead = false;
      transfers.serveDownload(openObject, async () => ({
        result: { size: length, isSealed: false, range: { offset: 0, length }, headers: {} },
        sizeBytes: length,
        body: {
          async pump(take) {
            isRead = true;
            await take(Buffer.alloc(length));
          },
          destroy: () => undefined,
        },
      }));
      const reading = readingSmallFirst(transfers, 4);
      const { body } = await reading.download(openObject, HEAD, { requestId: "R" });
      assert.equal(isRead, isReadBefore);
      const bytes = await collectBody(body, length, () => new Error("too long"));
      assert.equal(bytes.byteLength, length);
    }
  });
});
