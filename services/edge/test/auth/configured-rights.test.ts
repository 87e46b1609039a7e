import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configuredRights } from "../../src/auth/configured-rights.ts";

const rights = (settings: Parameters<typeof configuredRights>[0]) =>
  configuredRights(settings, "credential A");

describe("configuredRights", () => {
  it("are everything for a credential of which nothing is said", () => {
    assert.equal(rights({}).isEverything, true);
  });

  it("of a limited credential leave buckets alone unless that is said", () => {
    for (const limited of [{ buckets: ["photos"] }, { permissions: "rw" }, { permissions: [] }]) {
      const { isEverything } = rights(limited);
      assert.equal(isEverything, false);
      assert.equal(rights(limited).onBucket("bucket-create", "photos"), false);
    }
    const both = rights({ buckets: ["photos"], bucketPermissions: ["create"] });
    assert.equal(both.onBucket("bucket-create", "photos"), true);
    assert.equal(both.onBucket("bucket-delete", "photos"), false);
    assert.equal(both.onBucket("bucket-create", "other"), false);
  });

  it("hold nowhere for an empty list of buckets", () => {
    assert.equal(rights({ buckets: [] }).onObject("read", "photos", "cat"), false);
  });

  for (const [permissions, allowed] of [
    ["ro", ["read", "list", "decrypt"]],
    ["rw", ["read", "write", "list", "delete", "decrypt"]],
    [["write"], ["write"]],
    ["list", ["list"]],
  ] as const) {
    it(`${JSON.stringify(permissions)} are ${allowed.join(", ")}`, () => {
      const all = ["read", "write", "list", "delete", "decrypt"] as const;
      const given = rights({ permissions });
      assert.deepEqual(
        all.filter((right) => given.onObject(right, "b", "k")),
        all.filter((right) => (allowed as readonly string[]).includes(right)),
      );
    });
  }

  for (const settings of [
    { permissions: "all" },
    { permissions: ["read", "RW"] },
    { bucketPermissions: ["drop"] },
    { buckets: ["a*b"] },
    { buckets: [""] },
  ]) {
    it(`refuse ${JSON.stringify(settings)}`, () => {
      assert.throws(() => rights(settings), { code: "config.invalid", message: /credential A/ });
    });
  }
});
