import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseBackendXml } from "../src/backend-xml.ts";
import { keyReaderOf, listedEntries } from "../src/listed-keys.ts";

function keysOf(encoding: string, ...keys: readonly string[]): string[] {
  const entries = keys.map((key) => `<Contents><Key>${key}</Key></Contents>`).join("");
  const document = parseBackendXml(`<L><EncodingType>${encoding}</EncodingType>${entries}</L>`);
  return listedEntries(document).map(keyReaderOf(document));
}

describe("the entries of a listing", () => {
  it("are objects, versions and delete markers", () => {
    const text =
      "<L><Name/><Version/><DeleteMarker/><CommonPrefixes/><Contents/><KeyCount>1</KeyCount></L>";
    const names = listedEntries(parseBackendXml(text)).map(({ name }) => name);
    assert.deepEqual(names, ["Version", "DeleteMarker", "Contents"]);
  });

  it("name their keys in the clear, or encoded where the listing says so", () => {
    assert.deepEqual(keysOf("", "a%20b+c"), ["a%20b+c"]);
    assert.deepEqual(keysOf("url", "a%20b+c", "%C3%A9"), ["a b c", "é"]);
  });

  it("keep a key that is not UTF-8 as it came", () => {
    assert.deepEqual(keysOf("url", "%FF", "b"), ["%FF", "b"]);
  });
});
