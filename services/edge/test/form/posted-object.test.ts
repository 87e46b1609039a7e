import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bodyOfBytes } from "@s3eg/shared/http/body.ts";
import type { Form } from "../../src/form/form-reader.ts";
import { postedHeaders, postedKey } from "../../src/form/posted-object.ts";

function form(fields: Record<string, string>, fileName = "cat.txt"): Form {
  const file = { name: "file", fileName, sizeBytes: 4, body: bodyOfBytes(new Uint8Array(4)) };
  return { fields: new Map(Object.entries(fields)), file };
}

describe("postedKey", () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how a form writes it
  const pattern = "user/${filename}";

  it("is the field, with the file's name where the form wants it", () => {
    assert.equal(postedKey(form({ key: "a" })), "a");
    assert.equal(postedKey(form({ key: pattern })), "user/cat.txt");
    assert.equal(postedKey(form({ key: pattern }, "$& $1")), "user/$& $1");
  });

  it("is needed, and has the length of keys", () => {
    assert.throws(() => postedKey(form({})), { code: "InvalidArgument" });
    assert.throws(() => postedKey(form({ key: "" })), { code: "InvalidArgument" });
    assert.throws(() => postedKey(form({ key: "k".repeat(1025) })), { code: "KeyTooLongError" });
    const long = "n".repeat(1020);
    assert.throws(() => postedKey(form({ key: pattern }, long)), { code: "KeyTooLongError" });
  });
});

describe("postedHeaders", () => {
  it("are those a PUT would carry, values as bytes", () => {
    const headers = postedHeaders(
      form({
        "content-type": "text/plain",
        "x-amz-meta-name": "ü",
        "x-amz-storage-class": "STANDARD",
        acl: "public-read",
        success_action_status: "201",
        "x-ignore-a": "b",
      }),
    );
    assert.deepEqual(
      { ...headers },
      {
        "content-type": "text/plain",
        "x-amz-meta-name": "Ã¼",
        "x-amz-storage-class": "STANDARD",
        "x-amz-acl": "public-read",
        "content-length": "4",
      },
    );
  });

  it("leave out who signed, and what no form may ask for", () => {
    const headers = postedHeaders(
      form({
        "x-amz-algorithm": "AWS4-HMAC-SHA256",
        "x-amz-credential": "c",
        "x-amz-date": "d",
        "x-amz-signature": "s",
        "x-amz-security-token": "t",
        "x-amz-copy-source": "/a/b",
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-trailer": "x-amz-checksum-crc32",
        "content-length": "1",
        "transfer-encoding": "chunked",
        authorization: "AWS a:b",
      }),
    );
    assert.deepEqual({ ...headers }, { "content-length": "4" });
  });

  it("turn tags into the header of PutObject", () => {
    const tag = (key: string, value: string) =>
      `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`;
    const tagging = `<Tagging><TagSet>${tag("a b", "1&amp;2")}${tag("c", "")}</TagSet></Tagging>`;
    assert.equal(postedHeaders(form({ tagging }))["x-amz-tagging"], "a%20b=1%262&c=");
    for (const bad of ["x", "<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>"]) {
      assert.throws(() => postedHeaders(form({ tagging: bad })), /(?:not well-formed|XML)/);
    }
  });

  it("refuse values and names that would break a header", () => {
    for (const fields of [
      { acl: "private\r\nx-amz-grant-read: all" },
      { "x-amz-meta-a": "b\nc" },
      { "content-type": "a\u0000" },
      { "x-amz-meta-a: b": "c" },
      { "x-amz-meta-ü": "c" },
    ]) {
      assert.throws(() => postedHeaders(form(fields)), { code: "InvalidArgument" });
    }
  });
});
