import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { profileOf } from "../../src/backend/profile.ts";

const R2 = new URL("https://0123abcd.r2.cloudflarestorage.com");
const OTHER = new URL("https://s3.eu-central-1.amazonaws.com");

describe("profileOf", () => {
  it("knows Cloudflare R2 by name, and by endpoint where there is no name", () => {
    assert.equal(profileOf("R2", OTHER).needsEqualParts, true);
    assert.equal(profileOf("cloudflare", OTHER).needsEqualParts, true);
    assert.equal(profileOf(undefined, R2).needsEqualParts, true);
  });

  it("takes every other one for S3", () => {
    assert.equal(profileOf(undefined, OTHER).needsEqualParts, false);
    assert.equal(profileOf("aws", R2).needsEqualParts, false);
    assert.equal(profileOf("minio", new URL("http://r2.example")).needsEqualParts, false);
  });

  it("knows by name that Ceph may know no trailing checksums, and has a name of its own for the pin on a copy", () => {
    const ceph = { needsEqualParts: false, lacksTrailers: true, renamesCopyPin: true };
    assert.deepEqual(profileOf("Ceph", OTHER), ceph);
    for (const name of [undefined, "minio", "r2"]) {
      const { lacksTrailers, renamesCopyPin } = profileOf(name, OTHER);
      assert.deepEqual([lacksTrailers, renamesCopyPin], [false, false]);
    }
  });
});
