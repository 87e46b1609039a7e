import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { Credentials } from "../../src/auth/credentials.ts";
import { EVERYTHING } from "../../src/auth/rights.ts";

describe("Credentials", () => {
  it("are found by their access key, exactly", () => {
    const credential = { accessKey: "AK", secretKey: new Secret("s"), rights: EVERYTHING };
    const credentials = new Credentials([credential]);
    assert.equal(credentials.find("AK"), credential);
    for (const other of ["ak", "AK ", "", "__proto__"]) {
      assert.equal(credentials.find(other), undefined);
    }
  });
});
