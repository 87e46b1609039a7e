import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkPostPolicy, parsePostPolicy } from "../../src/form/post-policy.ts";

const NOW = new Date("2026-01-01T00:00:00Z");
const EXPIRATION = "2026-01-01T01:00:00.000Z";
const encoded = (document: unknown) => Buffer.from(JSON.stringify(document)).toString("base64");
const policyOf = (conditions: unknown, expiration: unknown = EXPIRATION) =>
  parsePostPolicy(encoded({ expiration, conditions }));

function codeOf(
  conditions: unknown,
  fields: Record<string, string>,
  { sizeBytes = 3, now = NOW } = {},
): string {
  try {
    checkPostPolicy(policyOf(conditions), {
      fields: new Map(Object.entries(fields)),
      sizeBytes,
      now,
    });
    return "allowed";
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe("parsePostPolicy", () => {
  it("refuses documents that are no policy", () => {
    for (const text of ["", "{", "[]", "null", '"x"', "1"]) {
      assert.throws(() => parsePostPolicy(Buffer.from(text).toString("base64")), {
        code: "InvalidPolicyDocument",
      });
    }
  });

  it("needs expiration and conditions, spelled so", () => {
    for (const document of [
      { conditions: [] },
      { expiration: EXPIRATION },
      { EXPIRATION, conditions: [] },
      { expiration: EXPIRATION, CONDITIONS: [] },
      { expiration: EXPIRATION, conditions: {} },
    ]) {
      assert.throws(() => parsePostPolicy(encoded(document)), { code: "InvalidPolicyDocument" });
    }
  });

  it("takes no moment but one in UTC", () => {
    for (const expiration of ["2026-01-01 00:00:00+00:00", "2026-13-01T00:00:00Z", "", 1, null]) {
      assert.throws(() => policyOf([], expiration), { code: "InvalidPolicyDocument" });
    }
    assert.equal(policyOf([], "2026-01-01T00:00:00Z").expiresAt, NOW.getTime());
  });

  const malformed: unknown[] = [
    {},
    { a: "b", c: "d" },
    { a: 1 },
    "eq",
    null,
    ["eq", "$key"],
    ["eq", "key", "a"],
    ["eq", "$", "a"],
    ["eq", "$key", 1],
    ["eq", "$key", "a", "b"],
    ["ends-with", "$key", "a"],
    ["content-length-range", 0],
    ["content-length-range", -1, 0],
    ["content-length-range", 0, 1.5],
    ["content-length-range", "a", 1],
    ["content-length-range", 0, 1, 2],
  ];
  for (const condition of malformed) {
    it(`refuses the condition ${JSON.stringify(condition)}`, () => {
      assert.throws(() => policyOf([condition]), { code: "InvalidPolicyDocument" });
    });
  }
});

describe("checkPostPolicy", () => {
  it("matches whole values and beginnings, fields in any case and values in theirs", () => {
    const conditions = [{ bUcKeT: "b" }, ["StArTs-WiTh", "$KeY", "foo"], ["EQ", "$acl", "private"]];
    const fields = { bucket: "b", key: "foo.txt", acl: "private" };
    assert.equal(codeOf(conditions, fields), "allowed");
    assert.equal(codeOf(conditions, { ...fields, key: "Foo.txt" }), "AccessDenied");
    assert.equal(codeOf(conditions, { ...fields, acl: "privat" }), "AccessDenied");
    assert.equal(codeOf(conditions, { ...fields, bucket: "c" }), "AccessDenied");
  });

  it("needs every condition to be met, also of fields that are missing", () => {
    assert.equal(codeOf([["starts-with", "$x-amz-meta-a", "b"]], {}), "AccessDenied");
    assert.equal(codeOf([["starts-with", "$x-amz-meta-a", ""]], {}), "allowed");
  });

  it("needs every field to be spoken of but those of the signature and what is ignored", () => {
    for (const name of ["policy", "signature", "awsaccesskeyid", "x-amz-signature", "file"]) {
      assert.equal(codeOf([], { [name]: "x" }), "allowed", name);
    }
    assert.equal(codeOf([], { "x-ignore-this": "x" }), "allowed");
    for (const name of ["acl", "x-amz-date", "x-amz-meta-a", "success_action_status", "bucket"]) {
      assert.equal(codeOf([], { [name]: "x" }), "AccessDenied", name);
    }
  });

  it("takes a list of content types only if all of them begin so", () => {
    const conditions = [["starts-with", "$Content-Type", "image/"]];
    const type = (text: string) => codeOf(conditions, { "content-type": text });
    assert.equal(type("image/png"), "allowed");
    assert.equal(type("image/png,image/gif"), "allowed");
    assert.equal(type("image/png,text/html"), "AccessDenied");
  });

  it("bounds the file, both ends included", () => {
    const conditions = [["content-length-range", 2, "4"]];
    const size = (sizeBytes: number) => codeOf(conditions, {}, { sizeBytes });
    assert.deepEqual([1, 2, 4, 5].map(size), [
      "EntityTooSmall",
      "allowed",
      "allowed",
      "EntityTooLarge",
    ]);
  });

  it("is over when it says so", () => {
    const at = (text: string) => codeOf([], {}, { now: new Date(text) });
    assert.equal(at("2026-01-01T00:59:59.999Z"), "allowed");
    assert.equal(at(EXPIRATION), "AccessDenied");
  });
});
