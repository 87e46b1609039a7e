import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  answerHeaders,
  askingHeaders,
  copiedHeaders,
  passedHeaders,
  storedHeaders,
  uncopiedHeaders,
} from "../../src/s3/headers.ts";

const OF_THE_OBJECT = {
  "cache-control": "no-store",
  "content-disposition": "inline",
  "content-encoding": "gzip",
  "content-language": "de",
  "content-type": "text/plain",
  expires: "never",
  "x-amz-acl": "private",
  "x-amz-grant-read": "id=1",
  "x-amz-meta-a": "\xc3\xa9",
  "x-amz-meta-empty": "",
  "x-amz-object-lock-mode": "GOVERNANCE",
  "x-amz-server-side-encryption": "AES256",
  "x-amz-storage-class": "STANDARD_IA",
  "x-amz-tagging": "a=b",
  "x-amz-website-redirect-location": "/x",
  "x-amz-expected-bucket-owner": "1",
  "x-amz-request-payer": "requester",
};
const OF_THE_REQUEST = {
  authorization: "AWS4-HMAC-SHA256 …",
  connection: "close",
  "content-length": "1",
  "content-md5": "x",
  cookie: "x",
  expect: "100-continue",
  host: "h",
  "transfer-encoding": "chunked",
  "user-agent": "x",
  "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
  "x-amz-copy-source": "/a/b",
  "x-amz-date": "x",
  "x-amz-decoded-content-length": "1",
  "x-amz-checksum-crc32": "AAAAAA==",
  "x-amz-sdk-checksum-algorithm": "CRC32",
  "x-amz-security-token": "x",
  "x-amz-trailer": "x",
  "x-forwarded-for": "x",
};

describe("storedHeaders", () => {
  it("keeps what is stored with an object, as it was sent, and nothing of the request", () => {
    assert.deepEqual(storedHeaders({ ...OF_THE_OBJECT, ...OF_THE_REQUEST }), OF_THE_OBJECT);
  });

  for (const [sent, stored] of [
    ["aws-chunked", undefined],
    ["gzip, aws-chunked", "gzip"],
    ["AWS-Chunked,gzip,br", "gzip,br"],
    ["gzip,  br", "gzip,  br"],
  ] as const) {
    it(`stores content-encoding ${sent} as ${stored}`, () => {
      assert.equal(storedHeaders({ "content-encoding": sent })["content-encoding"], stored);
    });
  }

  for (const name of ["x-amz-meta-s3eg", "x-amz-meta-s3eg-m", "x-amz-meta-s3egg"]) {
    it(`refuses ${name}, the gateway's own`, () => {
      for (const judge of [storedHeaders, passedHeaders]) {
        assert.throws(() => judge({ [name]: "x" }), { code: "InvalidArgument" });
      }
    });
  }

  it("refuses to take an append for a whole object", () => {
    const append = { "x-amz-write-offset-bytes": "5" };
    assert.throws(() => storedHeaders(append), { code: "NotImplemented" });
  });
});

describe("askingHeaders", () => {
  it("keeps who is asked and with which key", () => {
    assert.deepEqual(askingHeaders({ ...OF_THE_OBJECT, ...OF_THE_REQUEST }), {
      "x-amz-server-side-encryption": "AES256",
      "x-amz-expected-bucket-owner": "1",
      "x-amz-request-payer": "requester",
    });
  });
});

describe("headers of a copy", () => {
  it("are metadata and content of the source, never its object header", () => {
    const source = { ...OF_THE_OBJECT, etag: "x", "x-amz-meta-s3eg": "h", "x-amz-version-id": "v" };
    const copied = Object.keys(copiedHeaders(source)).sort();
    assert.deepEqual(copied, [
      "cache-control",
      "content-disposition",
      "content-encoding",
      "content-language",
      "content-type",
      "expires",
      "x-amz-meta-a",
      "x-amz-meta-empty",
    ]);
  });

  it("of the request are all the others", () => {
    const both = { ...copiedHeaders(OF_THE_OBJECT), ...uncopiedHeaders(OF_THE_OBJECT) };
    assert.deepEqual(both, OF_THE_OBJECT);
    assert.equal(uncopiedHeaders(OF_THE_OBJECT)["x-amz-meta-a"], undefined);
  });
});

describe("passedHeaders", () => {
  it("keeps what S3 knows, without the client's signature, framing and sums", () => {
    const passed = passedHeaders({
      ...OF_THE_REQUEST,
      "content-type": "application/xml",
      "if-match": '"d41d8cd98f00b204e9800998ecf8427e-0"',
      origin: "https://x",
      "x-amz-acl": "private",
      "x-amz-bypass-governance-retention": "true",
      "x-amz-mfa": "1 2",
    });
    assert.deepEqual(passed, {
      "content-type": "application/xml",
      "if-match": '"d41d8cd98f00b204e9800998ecf8427e"',
      origin: "https://x",
      "x-amz-acl": "private",
      "x-amz-bypass-governance-retention": "true",
      "x-amz-copy-source": "/a/b",
      "x-amz-mfa": "1 2",
    });
  });
});

describe("answerHeaders", () => {
  const SHOWN = {
    "content-type": "text/plain",
    "last-modified": "x",
    "x-amz-delete-marker": "true",
    "x-amz-meta-a": "\xc3\xa9",
    "x-amz-tagging-count": "1",
    "x-amz-version-id": "v",
    "x-rgw-object-type": "Normal",
    location: "/photos",
  };
  const NEVER = [
    "connection",
    "content-length",
    "content-md5",
    "content-range",
    "date",
    "keep-alive",
    "server",
    "set-cookie",
    "transfer-encoding",
    "via",
    "www-authenticate",
    "x-amz-checksum-crc32",
    "x-amz-checksum-type",
    "x-amz-id-2",
    "x-amz-meta-s3eg",
    "x-amz-meta-s3eg-m",
    "x-amz-object-size",
    "x-amz-request-id",
  ];

  it("keeps what is about the object", () => {
    assert.deepEqual(answerHeaders(SHOWN), SHOWN);
  });

  for (const name of NEVER) {
    it(`never shows ${name}`, () => {
      assert.deepEqual(answerHeaders({ [name]: "x" }), {});
    });
  }

  it("keeps the gateway's own name from who is told which headers a script may read", () => {
    const name = "access-control-expose-headers";
    const exposed = (value: string) => answerHeaders({ [name]: value })[name];
    assert.equal(exposed("etag, X-Amz-Meta-S3eg,x-amz-meta-a"), "etag, x-amz-meta-a");
    assert.equal(exposed("etag,x-amz-meta-a"), "etag,x-amz-meta-a");
  });

  it("shows the client's ETag, and a location only if it does not tell where the backend is", () => {
    const answered = answerHeaders({
      etag: '"d41d8cd98f00b204e9800998ecf8427e"',
      location: "http://10.0.0.1:9000/photos",
    });
    assert.deepEqual(answered, { etag: '"d41d8cd98f00b204e9800998ecf8427e-0"' });
  });
});
