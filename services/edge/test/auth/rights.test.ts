import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configuredRights } from "../../src/auth/configured-rights.ts";
import { checkRights, EVERYTHING, hasKnownNeed } from "../../src/auth/rights.ts";
import { OPERATIONS } from "../../src/inbox.ts";

/** True if a credential with these settings may. */
function may(
  settings: Parameters<typeof configuredRights>[0],
  operation: string,
  asked: { bucket?: string; key?: string; prefixes?: string[]; source?: string } = {},
): boolean {
  const { bucket = "photos", key = "a/cat", prefixes = [], source } = asked;
  const [from = "", name = ""] = (source ?? "").split(/\/(.*)/);
  const copied = source === undefined ? {} : { source: { bucket: from, key: name } };
  const rights = configuredRights(settings, "c");
  try {
    checkRights(rights, operation, { bucket, key, prefixes, ...copied });
    return true;
  } catch (error) {
    assert.equal((error as { code: unknown }).code, "AccessDenied");
    return false;
  }
}

describe("checkRights", () => {
  it("knows what every operation needs", () => {
    const unknown = OPERATIONS.filter(({ name }) => !hasKnownNeed(name)).map(({ name }) => name);
    // Without an entry an operation needs everything: right for what is new, and worth a look.
    assert.ok(unknown.length < 5, unknown.join(" "));
  });

  it("lets a credential without limits do everything, also what is not in the table", () => {
    assert.equal(may({}, "SomethingNew"), true);
    assert.equal(may({ permissions: "rw" }, "SomethingNew"), false);
  });

  for (const [operation, ro, write, bucketsOnly] of [
    ["GetObject", true, false, true],
    ["HeadObject", true, false, true],
    ["PutObject", false, true, true],
    ["DeleteObject", false, false, true],
    ["ListObjectsV2", true, false, true],
    ["ListBuckets", true, false, true],
    ["HeadBucket", true, true, true],
    ["CreateBucket", false, false, false],
    ["PutBucketPolicy", false, false, false],
    ["GetBucketPolicy", true, false, true],
  ] as const) {
    it(`judges ${operation}`, () => {
      assert.equal(may({ permissions: "ro" }, operation), ro);
      assert.equal(may({ permissions: ["write"] }, operation), write);
      assert.equal(may({ buckets: ["photos"] }, operation), bucketsOnly);
    });
  }

  it("needs decrypt besides read for bytes, not for what is known of them", () => {
    assert.equal(may({ permissions: ["read"] }, "GetObject"), false);
    assert.equal(may({ permissions: ["read"] }, "HeadObject"), true);
  });

  it("holds within the scope alone", () => {
    const limited = { buckets: ["photos/a/*"] };
    assert.equal(may(limited, "GetObject"), true);
    assert.equal(may(limited, "GetObject", { key: "b/cat" }), false);
    assert.equal(may(limited, "GetObject", { bucket: "other" }), false);
    assert.equal(may(limited, "GetBucketPolicy"), false);
  });

  it("lets a listing go no further than the scope, whichever prefix a backend heeds", () => {
    const limited = { buckets: ["photos/a/*"] };
    assert.equal(may(limited, "ListObjects", { prefixes: ["a/"] }), true);
    assert.equal(may(limited, "ListObjects"), false);
    assert.equal(may(limited, "ListObjects", { prefixes: ["a/", "b/"] }), false);
  });

  it("needs a copy's source to be readable", () => {
    const limited = { buckets: ["photos"] };
    assert.equal(may(limited, "CopyObject", { source: "photos/dog" }), true);
    assert.equal(may(limited, "CopyObject", { source: "secret/dog" }), false);
    assert.equal(may({ permissions: ["write"] }, "CopyObject", { source: "photos/dog" }), false);
  });
});

describe("Rights", () => {
  it("are the same if they let the same be done", () => {
    const one = configuredRights({ buckets: ["a"], permissions: ["read", "list"] }, "c");
    const other = configuredRights({ buckets: ["a"], permissions: ["list", "read"] }, "c");
    assert.equal(one.isSame(other), true);
    assert.equal(one.isSame(configuredRights({ buckets: ["b"], permissions: "ro" }, "c")), false);
    assert.equal(EVERYTHING.isSame(configuredRights({}, "c")), true);
  });
});
