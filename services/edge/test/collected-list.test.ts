import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ObjectPart } from "@s3eg/shared/contracts/crypto.ts";
import { bodyOfBytes } from "@s3eg/shared/http/body.ts";
import { collectedList } from "../src/collected-list.ts";

const listOf = (text: string) => collectedList(bodyOfBytes(Buffer.from(text)), ObjectPart);

describe("collectedList", () => {
  it("has every item, in order", async () => {
    const parts = [
      { partNumber: 1, size: 5 },
      { partNumber: 3, size: 6, checksum: "AAAAAA==" },
    ];
    assert.deepEqual(await listOf(JSON.stringify(parts)), parts);
    assert.deepEqual(await listOf("[]"), []);
  });

  it("takes nothing that is not such a list", async () => {
    for (const text of ['[{"partNumber":0,"size":1}]', "{}", "", "[1]"]) {
      await assert.rejects(listOf(text), text);
    }
  });

  it("is not longer than the parts of an object can be", async () => {
    await assert.rejects(listOf(" ".repeat(9 * 1024 * 1024)), { code: "internal.bug" });
  });
});
