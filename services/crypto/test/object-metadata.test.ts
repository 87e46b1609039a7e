import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeHeader } from "@s3eg/shared/format/header.ts";
import { HEADER_FIELD, METADATA_FIELD } from "@s3eg/shared/format/layout.ts";
import { shownHeaders, storedHeaders } from "../src/object-metadata.ts";
import { StandInKeys } from "./stand-in-keys.ts";

const GIVEN = {
  "content-type": "text/x",
  "cache-control": "no-store",
  "x-amz-meta-a": "1",
  "x-amz-acl": "private",
  "x-amz-tagging": "a=b",
};
const integrity = { code: "crypto.integrity" };

async function issued(flags: number) {
  const place = { bucket: "b", key: "k" };
  const issue = { place, suite: 1, flags, size: 1 } as const;
  return await new StandInKeys().dataKeys.issue(issue, "r");
}

const provenOf = ({ header, keys }: Awaited<ReturnType<typeof issued>>) => ({
  header: decodeHeader(header),
  keys,
});

describe("metadata to store", () => {
  it("lie beside the header as they are, where they are not sealed", async () => {
    const keys = await issued(0);
    assert.deepEqual(storedHeaders(GIVEN, keys), { ...GIVEN, [HEADER_FIELD]: keys.header });
  });

  it("are hidden but for what the backend must know, where they are sealed", async () => {
    const keys = await issued(2);
    const { [METADATA_FIELD]: value = "", ...stored } = storedHeaders(GIVEN, keys, true);
    assert.deepEqual(stored, {
      "x-amz-acl": "private",
      "x-amz-tagging": "a=b",
      "content-type": "application/octet-stream",
      [HEADER_FIELD]: keys.header,
    });
    assert.ok(value.length > 40);
    const none = storedHeaders({}, keys, true);
    assert.equal(none["content-type"], "application/octet-stream");
    assert.ok(none[METADATA_FIELD]);
  });

  it("must have room beside the header, also content headers once they are sealed", async () => {
    const long = { "content-disposition": "x".repeat(1400) };
    assert.equal(Object.keys(storedHeaders(long, await issued(0))).length, 2);
    const sealed = await issued(2);
    const code = "limit.metadata-too-large";
    assert.throws(() => storedHeaders(long, sealed, true), { code });
  });
});

describe("metadata to show", () => {
  it("are the client's own, whatever else the backend says", async () => {
    const keys = await issued(2);
    const { "x-amz-acl": _, "x-amz-tagging": __, ...metadata } = GIVEN;
    const answered = {
      ...storedHeaders(metadata, keys, true),
      "x-amz-meta-forged": "1",
      expires: "forged",
      etag: "e",
    };
    assert.deepEqual(shownHeaders(answered, provenOf(keys)), { ...metadata, etag: "e" });
    const { "content-type": type } = shownHeaders(storedHeaders({}, keys, true), provenOf(keys));
    assert.equal(type, "binary/octet-stream");
  });

  it("are as stored where they are not sealed, without the gateway's own", async () => {
    const keys = await issued(0);
    assert.deepEqual(shownHeaders(storedHeaders(GIVEN, keys), provenOf(keys)), GIVEN);
  });

  it("are refused where flag and value contradict each other, or the value is another's", async () => {
    const [sealed, plain, other] = [await issued(2), await issued(0), await issued(2)];
    const stored = storedHeaders(GIVEN, sealed, true);
    const { [METADATA_FIELD]: _, ...lost } = stored;
    assert.throws(() => shownHeaders(lost, provenOf(sealed)), integrity);
    assert.throws(() => shownHeaders(stored, provenOf(plain)), integrity);
    assert.throws(() => shownHeaders(stored, provenOf(other)), integrity);
  });
});
