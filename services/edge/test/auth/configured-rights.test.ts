import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configuredRights } from "../../src/auth/configured-rights.ts";

const RIGHTS = [
  "read",
  "write",
  "list",
  "delete",
  "decrypt",
  "bucket-create",
  "bucket-delete",
  "bucket-configure",
] as const;

const held = (settings: Parameters<typeof configuredRights>[0]) =>
  RIGHTS.filter((right) => configuredRights(settings, "me").onBucket(right, "photos"));

describe("configuredRights", () => {
  it("is everything where nothing is said", () => {
    assert.equal(configuredRights({}, "me").isEverything, true);
  });

  it("knows ro, rw and single rights", () => {
    assert.deepEqual(held({ permissions: "ro" }), ["read", "list", "decrypt"]);
    assert.deepEqual(held({ permissions: "rw" }), ["read", "write", "list", "delete", "decrypt"]);
    assert.deepEqual(held({ permissions: ["list", "write"] }), ["write", "list"]);
    assert.deepEqual(held({ permissions: "list" }), ["list"]);
    assert.deepEqual(held({ permissions: [] }), []);
  });

  it("gives rw within buckets, and nothing on them unless it is said", () => {
    assert.deepEqual(held({ buckets: ["pho*"] }), ["read", "write", "list", "delete", "decrypt"]);
    assert.deepEqual(held({ buckets: ["photos"], bucketPermissions: ["create"] }), [
      "read",
      "write",
      "list",
      "delete",
      "decrypt",
      "bucket-create",
    ]);
    assert.deepEqual(held({ buckets: ["other"] }), []);
    assert.deepEqual(held({ buckets: [] }), []);
  });

  it("limits what may be done to buckets alone", () => {
    const onlyObjects = configuredRights({ bucketPermissions: [] }, "me");
    assert.equal(onlyObjects.onBucket("bucket-create", "photos"), false);
    assert.equal(onlyObjects.onBucket("write", "photos"), true);
  });

  it("refuses what is no right and no bucket, and says whose it is", () => {
    for (const settings of [
      { permissions: "all" },
      { permissions: ["read", "admin"] },
      { bucketPermissions: ["rw"] },
      { buckets: ["a*b"] },
      { buckets: [""] },
    ]) {
      assert.throws(() => configuredRights(settings, "credential A"), /^Fault: credential A: /);
    }
  });
});
