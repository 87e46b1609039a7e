import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseXml, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import { objectPartsElement } from "../../src/s3/object-parts-element.ts";
import { FACTS, PARTS } from "../stand-in-parts.ts";

function shown(headers = {}, facts = FACTS) {
  return parseXml(xmlDocument(objectPartsElement(headers, { facts, parts: PARTS })));
}

describe("the ObjectParts element", () => {
  it("lists parts with sizes and checksums", () => {
    const parts = shown();
    assert.equal(parts.textOf("PartsCount"), "2");
    assert.deepEqual(
      parts.all("Part").map((part) => part.children.map(({ name }) => part.textOf(name))),
      [
        ["1", "5242880", "AAAAAA=="],
        ["3", "6291456", "AAAAAQ=="],
      ],
    );
    assert.deepEqual(
      ["PartNumberMarker", "NextPartNumberMarker", "MaxParts", "IsTruncated"].map((name) =>
        parts.textOf(name),
      ),
      ["0", "3", "1000", "false"],
    );
  });

  it("comes in pages", () => {
    const first = shown({ "x-amz-max-parts": "1" });
    assert.deepEqual(
      [first.textOf("NextPartNumberMarker"), first.textOf("IsTruncated")],
      ["1", "true"],
    );
    const rest = shown({ "x-amz-part-number-marker": "1", "x-amz-max-parts": "5000" });
    assert.deepEqual(
      rest.all("Part").map((part) => part.textOf("PartNumber")),
      ["3"],
    );
    assert.equal(rest.textOf("MaxParts"), "1000");
    for (const name of ["x-amz-max-parts", "x-amz-part-number-marker"]) {
      assert.throws(() => shown({ [name]: "-1" }), { code: "InvalidArgument" });
    }
  });

  it("lists parts without checksums by their sizes", () => {
    const { checksum: _, ...facts } = FACTS;
    assert.deepEqual(
      shown({}, facts)
        .all("Part")
        .map((part) => part.children.map(({ name }) => `${name} ${part.textOf(name)}`)),
      [
        ["PartNumber 1", "Size 5242880"],
        ["PartNumber 3", "Size 6291456"],
      ],
    );
  });
});
