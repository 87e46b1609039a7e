import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { xmlDocument } from "@s3eg/shared/s3/xml.ts";
import { copyNode, parseBackendXml } from "../src/backend-xml.ts";

describe("parseBackendXml", () => {
  it("reads a document, also after white space that kept the connection alive", () => {
    const text = '\n  \n<?xml version="1.0"?><A><B>1</B></A>';
    assert.equal(parseBackendXml(text).textOf("B"), "1");
  });

  for (const text of ["", "<A>", "gateway timeout", "<!DOCTYPE a><a/>"]) {
    it(`blames the backend and not the client for ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseBackendXml(text), { code: "backend.unavailable" });
    });
  }
});

describe("copyNode", () => {
  it("writes an element as it was read, with what is inside", () => {
    const text = "<A><B>1 &amp; 2</B><C><D/></C></A>";
    const written = xmlDocument(copyNode(parseBackendXml(text)));
    assert.ok(written.endsWith("<A><B>1 &amp; 2</B><C><D></D></C></A>"), written);
  });
});
