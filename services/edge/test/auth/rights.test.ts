import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Asked,
  checkRights,
  EVERYTHING,
  hasKnownNeed,
  type Right,
  Rights,
} from "../../src/auth/rights.ts";
import { parseScope, type Scope } from "../../src/auth/scope.ts";
import { OPERATIONS } from "../../src/inbox.ts";

function rights(names: string, ...buckets: string[]): Rights {
  const scopes = buckets.map((entry) => parseScope(entry) as Scope);
  return new Rights(names.split(" ") as Right[], buckets.length === 0 ? undefined : scopes);
}

function may(who: Rights, operation: string, asked: Partial<Asked> = {}): boolean {
  try {
    checkRights(who, operation, { bucket: "b", key: "k", prefixes: [], ...asked });
    return true;
  } catch (error) {
    assert.equal((error as { code?: string }).code, "AccessDenied");
    return false;
  }
}

describe("the table of needs", () => {
  it("knows every operation of the gateway", () => {
    assert.deepEqual(
      OPERATIONS.map(({ name }) => name).filter((name) => !hasKnownNeed(name)),
      [],
    );
  });

  it("lets who may everything do anything, also what it does not know", () => {
    for (const { name } of OPERATIONS) assert.equal(may(EVERYTHING, name), true, name);
    assert.equal(may(EVERYTHING, "SomethingNew"), true);
  });

  it("lets nobody else do what it does not know", () => {
    const all = "read write list delete decrypt bucket-create bucket-delete bucket-configure";
    assert.equal(may(rights(all, "*"), "SomethingNew"), false);
    assert.equal(may(rights("read write list delete decrypt"), "SomethingNew"), false);
  });

  it("lets who has no right do nothing at all", () => {
    for (const { name } of OPERATIONS) assert.equal(may(new Rights([]), name), false, name);
    const nowhere = new Rights("read write list delete decrypt".split(" ") as Right[], []);
    for (const { name } of OPERATIONS.filter((operation) => operation.name !== "ListBuckets")) {
      assert.equal(may(nowhere, name), false, name);
    }
  });
});

describe("rights", () => {
  it("give bytes out only with read and decrypt", () => {
    assert.equal(may(rights("read decrypt"), "GetObject"), true);
    assert.equal(may(rights("read"), "GetObject"), false);
    assert.equal(may(rights("decrypt"), "GetObject"), false);
    assert.equal(may(rights("read"), "HeadObject"), true);
  });

  it("need the source of a copy to be readable, wherever the copy goes", () => {
    const source = { bucket: "other", key: "k" };
    assert.equal(may(rights("read write decrypt"), "CopyObject", { source }), true);
    assert.equal(may(rights("read write"), "CopyObject", { source }), false);
    assert.equal(may(rights("write decrypt"), "UploadPartCopy", { source }), false);
    assert.equal(may(rights("read write decrypt", "b"), "CopyObject", { source }), false);
    assert.equal(may(rights("read write decrypt", "b", "other"), "CopyObject", { source }), true);
  });

  it("hold within their prefixes", () => {
    const logs = rights("read write list delete decrypt", "b/logs/*");
    assert.equal(may(logs, "GetObject", { key: "logs/1" }), true);
    assert.equal(may(logs, "GetObject", { key: "other" }), false);
    assert.equal(may(logs, "ListObjectsV2", { key: "", prefixes: ["logs/2"] }), true);
    assert.equal(may(logs, "ListObjectsV2", { key: "" }), false);
    assert.equal(may(logs, "HeadBucket", { key: "" }), true);
    assert.equal(may(logs, "GetBucketPolicy", { key: "" }), false);
  });

  it("take every prefix of a listing into account, whichever the backend heeds", () => {
    const logs = rights("list", "b/logs/*");
    assert.equal(may(logs, "ListObjects", { key: "", prefixes: ["logs/", ""] }), false);
  });

  it("on buckets are apart from those on objects", () => {
    const objects = rights("read write list delete decrypt");
    for (const name of ["CreateBucket", "DeleteBucket", "PutBucketPolicy", "PutBucketAcl"]) {
      assert.equal(may(objects, name, { key: "" }), false, name);
    }
    assert.equal(may(rights("bucket-create", "b*"), "CreateBucket", { bucket: "bb" }), true);
    assert.equal(may(rights("bucket-create", "b*"), "CreateBucket", { bucket: "c" }), false);
    assert.equal(may(rights("bucket-configure"), "PutBucketPolicy"), true);
  });

  it("are the same when they were written the same", () => {
    assert.equal(rights("read write", "a").isSame(rights("write read", "a")), true);
    assert.equal(rights("read", "a").isSame(rights("read")), false);
    assert.equal(rights("read", "a").isSame(rights("write", "a")), false);
    assert.equal(EVERYTHING.isEverything, true);
    assert.equal(rights("read").isEverything, false);
  });
});
