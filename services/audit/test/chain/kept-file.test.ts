import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { readKept } from "../../src/chain/kept-file.ts";
import { trailFolder } from "./trail-folder.ts";

describe("readKept", () => {
  it("tells a file that is not there from one that cannot be read", async () => {
    await using trail = await trailFolder();
    const path = join(trail.folder, "kept");
    assert.equal(await readKept(path), undefined);
    await writeFile(path, "a");
    assert.equal((await readKept(path))?.toString(), "a");
    await assert.rejects(readKept(trail.folder), { code: "config.invalid" });
  });
});
