import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { companionKeyOf } from "@s3eg/shared/format/companion.ts";
import { el, parseXml, type XmlElement, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import { hiddenCompanions, markerBehind, shownCount } from "../src/hidden-companions.ts";

const COMPANION = companionKeyOf("a", "h");
const keyOf = (entry: XmlElement) => entry.textOf("Key") ?? "";
const contents = (key: string) => el("Contents", el("Key", key));

function listing(...children: Parameters<typeof xmlDocument>[0][]): XmlElement {
  return parseXml(xmlDocument(el("ListBucketResult", ...children)));
}

const hiddenOf = (document: XmlElement) => hiddenCompanions(document, keyOf);

describe("hiddenCompanions", () => {
  it("are objects, versions and markers of that name, and nothing else", () => {
    const entries = [
      contents("a"),
      contents(COMPANION),
      el("Version", el("Key", COMPANION)),
      el("DeleteMarker", el("Key", COMPANION)),
      el("CommonPrefixes", el("Key", COMPANION)),
      contents("a.mpu-manifest"),
    ];
    const names = [...hiddenOf(listing(...entries))].map(({ name }) => name);
    assert.deepEqual(names, ["Contents", "Version", "DeleteMarker"]);
  });
});

describe("shownCount", () => {
  it("leaves them out", () => {
    const document = listing(el("KeyCount", 2), contents("a"), contents(COMPANION));
    const counted = document.child("KeyCount");
    assert.ok(counted);
    assert.match(xmlDocument(shownCount(counted, hiddenOf(document))), /<KeyCount>1</);
  });
});

describe("markerBehind", () => {
  const truncated = el("IsTruncated", true);

  it("leads on from a page of ListObjects whose last key is hidden", () => {
    const document = listing(truncated, contents("a"), contents(COMPANION));
    const marker = markerBehind(document, hiddenOf(document));
    assert.ok(marker);
    assert.ok(xmlDocument(marker).includes(`<NextMarker>${COMPANION}<`));
  });

  it("is not there where clients know how to go on, or need not", () => {
    for (const document of [
      listing(truncated, contents(COMPANION), contents("b")),
      listing(el("IsTruncated", false), contents(COMPANION)),
      listing(truncated, el("NextMarker", "x"), contents(COMPANION)),
      listing(truncated, el("KeyCount", 1), contents(COMPANION)),
      listing(truncated),
    ]) {
      assert.equal(markerBehind(document, hiddenOf(document)), undefined);
    }
  });
});
