import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { checkMetadataRoom } from "../src/metadata-room.ts";

describe("the room for metadata", () => {
  it("is 2048 bytes of names and values, the prefix not counted", () => {
    const headers = { "x-amz-meta-a": "x".repeat(1000), "x-amz-meta-bc": "x".repeat(1045) };
    checkMetadataRoom({ ...headers, "content-type": "x".repeat(5000) });
    assert.throws(
      () => checkMetadataRoom({ ...headers, "x-amz-meta-d": "" }),
      (error) => {
        assert.ok(isFault(error, "limit.metadata-too-large"));
        assert.deepEqual(error.details, { Size: 2049, MaxSizeAllowed: 2048 });
        return true;
      },
    );
  });
});
