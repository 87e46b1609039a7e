import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { exportedKeyOf, unusedKey } from "../../src/custody/configured-exported-key.ts";

describe("the exported key of a tool", () => {
  it("is 32 bytes of the source that is named", () => {
    const env = { EXPORTED: Buffer.alloc(32, 1).toString("hex"), SHORT: "0011" };
    const named = { provider: "transit", keyId: "k", keyVersion: 0 } as const;
    assert.deepEqual(exportedKeyOf("env:EXPORTED", env).keyNamed(named), named);
    for (const source of ["env:SHORT", "env:NOBODY", "file:/nowhere", "words"]) {
      assert.throws(() => exportedKeyOf(source, env), {
        code: "config.invalid",
        message: /^--exported-key: /,
      });
    }
  });

  it("stands beside one that is made up anew each time", () => {
    assert.notEqual(unusedKey().S3EG_UNUSED_KEY, unusedKey().S3EG_UNUSED_KEY);
  });
});
