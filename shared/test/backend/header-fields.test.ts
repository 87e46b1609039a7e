import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  addField,
  checkFields,
  isFieldName,
  isFieldValue,
  requestHead,
} from "../../src/backend/header-fields.ts";
import { isFault } from "../../src/faults.ts";

const isRefused = (error: unknown) => isFault(error, "input.invalid");

describe("requestHead", () => {
  it("keeps every byte of latin-1 values", () => {
    const head = requestHead("PUT", "/b/k?x=%20", { host: "h", "x-amz-meta-a": "é\tÿ" });
    assert.equal(
      head.toString("latin1"),
      "PUT /b/k?x=%20 HTTP/1.1\r\nhost: h\r\nx-amz-meta-a: é\tÿ\r\n\r\n",
    );
  });

  for (const [what, make] of [
    ["a line break in a value", () => requestHead("GET", "/", { a: "b\r\nc: d" })],
    ["a line break in a name", () => requestHead("GET", "/", { "a\r\nb": "c" })],
    ["a character that is no byte", () => checkFields({ a: "\u20ac" })],
    ["a space in the target", () => requestHead("GET", "/a b", {})],
    ["a method that is none", () => requestHead("GE T", "/", {})],
  ] as const) {
    it(`refuses ${what}`, () => assert.throws(make, isRefused));
  }
});

describe("addField", () => {
  it("joins repeated fields, keeps the first of those that are no list, and refuses those that end messages", () => {
    const fields = new Map<string, string>();
    for (const [name, value] of [
      ["Vary", "a"],
      ["vary", "b"],
      ["ETag", "1"],
      ["etag", "2"],
      ["Content-Length", "5"],
    ] as const) {
      assert.ok(addField(fields, name, value));
    }
    assert.ok(!addField(fields, "content-length", "5"));
    assert.deepEqual(Object.fromEntries(fields), {
      vary: "a, b",
      etag: "1",
      "content-length": "5",
    });
  });
});

describe("field syntax", () => {
  it("knows names and values", () => {
    assert.ok(isFieldName("x-amz-meta-1"));
    assert.ok(!isFieldName("a b") && !isFieldName("") && !isFieldName("a:"));
    assert.ok(isFieldValue("ÿ\t") && !isFieldValue("\n") && !isFieldValue("\u0000"));
  });
});
