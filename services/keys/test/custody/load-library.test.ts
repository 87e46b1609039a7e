import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { loadLibrary } from "../../src/custody/load-library.ts";

const named = { name: "a-library", section: "encryption.a" };

describe("loadLibrary", () => {
  it("gives what was imported", async () => {
    assert.equal(await loadLibrary(() => Promise.resolve(7), named), 7);
  });

  it("says which package is missing, and what for", async () => {
    const missing = loadLibrary(() => Promise.reject(new Error("Cannot find package")), named);
    await assert.rejects(missing, (error) => {
      assert.ok(isFault(error, "config.invalid"));
      assert.match(error.message, /^encryption\.a: .*a-library/);
      return true;
    });
  });
});
