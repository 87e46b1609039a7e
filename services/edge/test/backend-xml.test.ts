import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseBackendXml } from "../src/backend-xml.ts";

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
