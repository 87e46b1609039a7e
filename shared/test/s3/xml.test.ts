import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isFault } from "../../src/faults.ts";
import { el, optional, parseXml, withAttributes, xmlDocument } from "../../src/s3/xml.ts";

const isMalformed = (error: unknown) => isFault(error, "input.malformed-xml");

describe("parseXml", () => {
  it("reads elements, text and repeated children, whatever the namespace", () => {
    const root = parseXml(
      '<?xml version="1.0" encoding="UTF-8"?>\n<!-- c --><Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' +
        "<Object><Key>a&amp;b</Key></Object><Object><Key><![CDATA[<c>]]>&#x20AC;</Key></Object><Quiet/></Delete>",
    );
    assert.equal(root.name, "Delete");
    assert.deepEqual(
      root.all("Object").map((object) => object.textOf("Key")),
      ["a&b", "<c>€"],
    );
    assert.equal(root.textOf("Quiet"), "");
    assert.equal(root.textOf("Missing"), undefined);
    assert.equal(root.child("Object")?.children.length, 1);
    assert.equal(parseXml('<s:A xmlns:s="urn:x"><s:B>1</s:B></s:A>').textOf("B"), "1");
  });

  it("keeps control characters and U+2028 that are referred to by number", () => {
    assert.equal(parseXml("<Key>a&#x8;&#13;b&#x2028;</Key>").text, "a\b\rb\u2028");
    assert.equal(parseXml("<Key>\u2028\u0085</Key>").text, "\u2028\u0085");
  });

  for (const [what, text] of [
    ["nothing", ""],
    ["plain text", "hello"],
    ["an unclosed element", "<A><B></A>"],
    ["two roots", "<A/><B/>"],
    ["a document type", "<!DOCTYPE A><A/>"],
    ["entities of its own", '<!DOCTYPE A [<!ENTITY e "x">]><A>&e;</A>'],
    ["an unknown entity", "<A>&nbsp;</A>"],
    ["a processing instruction", "<?php x?><A/>"],
    ["an unbound prefix", "<x:A/>"],
    ["a raw control character", "<A>\u0008</A>"],
    ["a reference to NUL", "<A>&#0;</A>"],
    ["an attribute twice", '<A b="1" b="2"/>'],
    ["trailing text", "<A/>x"],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(() => parseXml(text), isMalformed);
    });
  }

  it("refuses what is larger or deeper than allowed", () => {
    assert.throws(() => parseXml("<A>é</A>", { maxBytes: 8 }), isMalformed);
    assert.equal(parseXml("<A>é</A>", { maxBytes: 9 }).text, "é");
    const nested = (depth: number) => "<A>".repeat(depth) + "</A>".repeat(depth);
    assert.equal(parseXml(nested(8)).name, "A");
    assert.throws(() => parseXml(nested(9)), isMalformed);
  });

  it("fails only with its fault, whatever comes", () => {
    const markup = fc.array(
      fc.constantFrom(
        "<",
        ">",
        "</",
        "/>",
        "A",
        "&",
        "&#",
        ";",
        "<!",
        "[CDATA[",
        "]]>",
        "?",
        "xml",
      ),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(markup, (pieces) => {
        try {
          parseXml(pieces.join(""));
        } catch (error) {
          assert.ok(isMalformed(error));
        }
      }),
    );
  });
});

describe("xmlDocument", () => {
  it("writes declaration, namespace, empty and left-out elements", () => {
    const root = el(
      "ListBucketResult",
      el("Prefix", ""),
      optional("Marker", undefined),
      optional("MaxKeys", 1000),
      el("IsTruncated", false),
      withAttributes(el("Grantee"), { "xsi:type": 'a"b' }),
    );
    assert.equal(
      xmlDocument(root, { hasNamespace: true }),
      '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' +
        "<Prefix></Prefix><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>" +
        '<Grantee xsi:type="a&quot;b"></Grantee></ListBucketResult>',
    );
  });

  it("escapes markup, quotes, line ends and control characters", () => {
    assert.match(
      xmlDocument(el("Key", '<a&b>"c"\r\n\u0008\u007f')),
      /<Key>&lt;a&amp;b&gt;&quot;c&quot;&#xD;&#xA;&#x8;&#x7F;<\/Key>$/,
    );
  });

  it("is read back as it was written", () => {
    // NUL and U+FFFE/U+FFFF cannot be read by any XML parser.
    const text = fc
      .string({ unit: "binary", maxLength: 40 })
      .filter((key) => !/[\0\ufffe\uffff]/.test(key));
    fc.assert(
      fc.property(text, (key) => {
        assert.equal(parseXml(xmlDocument(el("Key", key))).text, key);
      }),
    );
  });

  it("refuses element names that are none", () => {
    assert.throws(() => el("a><b"), { name: "AssertionError" });
  });
});
