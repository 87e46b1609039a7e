import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { fromCompact, versionNumber } from "../../src/config/compact-version.ts";

const Entry = z.preprocess(
  fromCompact("source"),
  z.strictObject({ version: versionNumber(), source: z.string() }),
);

describe("a compact version", () => {
  it("is a number and a source, which may have any sign", () => {
    assert.deepEqual(Entry.parse("12=base64:a=b="), { version: 12, source: "base64:a=b=" });
    assert.deepEqual(Entry.parse({ version: 1, source: "x" }), { version: 1, source: "x" });
  });

  it("is nothing else", () => {
    for (const entry of ["", "1", "1=", "=x", "v1=x", "-1=x", "0=x", "4294967296=x"]) {
      assert.ok(!Entry.safeParse(entry).success, entry);
    }
  });
});
