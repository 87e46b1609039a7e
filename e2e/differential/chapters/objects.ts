/** Single objects: what is stored with them, ranges, overrides, conditions, errors. */
import { type Chapter, DELETE, GET, HEAD, PUT, reads } from "../step.ts";

const DECADE = "Wed, 01 Jan 2020 00:00:00 GMT";
const FUTURE = "Fri, 01 Jan 2100 00:00:00 GMT";

/** Objects and their headers. */
export const objects: Chapter = {
  name: "objects",
  steps: [
    PUT("an object", "/k", { body: "0123456789", keep: { etag: "etag" } }),
    ...reads("an object", "/k"),
    PUT("an empty object", "/empty", { body: "" }),
    ...reads("an empty object", "/empty"),
    PUT("all content headers", "/headers", {
      body: "x",
      headers: {
        "content-type": "text/x-test; charset=utf-8",
        "cache-control": "max-age=7",
        "content-disposition": 'attachment; filename="a b"',
        "content-encoding": "gzip",
        "content-language": "de, en",
        expires: FUTURE,
        "x-amz-meta-colour": "green",
        "x-amz-meta-Mixed-Case": "Kept",
      },
    }),
    ...reads("all content headers", "/headers"),
    PUT("an object over another", "/k", { body: "abcdefghij", keep: { etag: "etag" } }),
    ...reads("an object over another", "/k"),
    PUT("Content-MD5", "/md5", {
      body: "x",
      headers: { "content-md5": "nddmYSGWY4zEpzdtmzhZ7g==" },
    }),
    PUT("the right Content-MD5", "/md5", {
      body: "hello",
      headers: { "content-md5": "XUFAKrxLKna5cZ2REBfFkg==" },
    }),
    PUT("Content-MD5 that is none", "/md5", {
      body: "hello",
      headers: { "content-md5": "nonsense" },
    }),
    PUT("another payload hash", "/hash", { body: "hello", payloadHash: "0".repeat(64) }),
    PUT("an unsigned payload", "/unsigned", { body: "hello", payloadHash: "UNSIGNED-PAYLOAD" }),
    ...reads("an unsigned payload", "/unsigned"),
    PUT("STANDARD storage class", "/class", {
      body: "x",
      headers: { "x-amz-storage-class": "STANDARD" },
    }),
    ...reads("STANDARD storage class", "/class"),
    PUT("too much metadata", "/meta", { body: "x", headers: { "x-amz-meta-a": "x".repeat(3000) } }),
    ...reads("no such key", "/nothing"),
    ...reads("no such bucket", "//no-such-bucket-here/k"),
    PUT("no such bucket", "//no-such-bucket-here/k", { body: "x" }),
    DELETE("no such bucket", "//no-such-bucket-here/k"),
    DELETE("an object", "/md5"),
    ...reads("a deleted object", "/md5"),
    DELETE("a deleted object", "/md5"),
    GET("by who nobody knows", "/k", { keys: { accessKey: "NOBODYKNOWSTHISONE00" } }),
    GET("with a wrong secret", "/k", { keys: { secretKey: "wrong-secret-key-0123456789" } }),
    HEAD("with a wrong secret", "/k", { keys: { secretKey: "wrong-secret-key-0123456789" } }),
    GET("by nobody", "/k", { proof: "none" }),
    GET("presigned", "/k", { proof: "presigned" }),
    HEAD("presigned", "/k", { proof: "presigned" }),
    PUT("presigned", "/presigned", { proof: "presigned", body: "by URL" }),
    GET("what was put presigned", "/presigned"),
  ],
};

/** Ranges in every form. */
export const ranges: Chapter = {
  name: "ranges",
  steps: [
    PUT("ten bytes", "/k", { body: "0123456789", keep: { etag: "etag" } }),
    PUT("no bytes", "/empty", { body: "" }),
    ...[
      "bytes=0-0",
      "bytes=2-4",
      "bytes=7-",
      "bytes=0-",
      "bytes=-3",
      "bytes=-10",
      "bytes=-99",
      "bytes=8-99",
      "bytes=9-9",
      "bytes=10-",
      "bytes=10-12",
      "bytes=99-",
      "bytes=-0",
      "bytes=4-2",
      "bytes=a-b",
      "bytes=",
      "bytes=0-1,3-4",
      "chars=0-1",
      "BYTES=0-1",
      "bytes = 0-1",
      "bytes=0-18446744073709551615",
      "0-1",
    ].flatMap((range) => reads(`range ${range}`, "/k", { headers: { range } })),
    ...["bytes=0-", "bytes=0-0", "bytes=-1", "bytes=5-"].flatMap((range) =>
      reads(`range ${range} of nothing`, "/empty", { headers: { range } }),
    ),
    GET("range, If-Range of this ETag", "/k", {
      headers: { range: "bytes=0-1", "if-range": "{{etag}}" },
    }),
    GET("range, If-Match of this ETag", "/k", {
      headers: { range: "bytes=0-1", "if-match": "{{etag}}" },
    }),
    GET("range, If-None-Match of this ETag", "/k", {
      headers: { range: "bytes=0-1", "if-none-match": "{{etag}}" },
    }),
    GET("range, presigned", "/k", { headers: { range: "bytes=0-1" }, proof: "presigned" }),
    ...reads("part 1 of an object in one", "/k?partNumber=1"),
    ...reads("part and range", "/k?partNumber=1", { headers: { range: "bytes=0-1" } }),
    ...reads("range of nothing there", "/nothing", { headers: { range: "bytes=0-1" } }),
  ],
};

/** Conditions on reads and writes, and what an answer's headers may be made to say. */
export const conditions: Chapter = {
  name: "conditions",
  steps: [
    PUT("ten bytes", "/k", {
      body: "0123456789",
      headers: { "cache-control": "no-cache", "x-amz-meta-a": "b" },
      keep: { etag: "etag" },
    }),
    ...(
      [
        ["if-match", "{{etag}}"],
        ["if-match", '"00000000000000000000000000000000"'],
        ["if-match", "*"],
        ["if-match", '"1", {{etag}}'],
        ["if-none-match", "{{etag}}"],
        ["if-none-match", '"00000000000000000000000000000000"'],
        ["if-none-match", "*"],
        ["if-none-match", '"1", {{etag}}'],
        ["if-none-match", "W/{{etag}}"],
        ["if-modified-since", DECADE],
        ["if-modified-since", FUTURE],
        ["if-modified-since", "nonsense"],
        ["if-unmodified-since", DECADE],
        ["if-unmodified-since", FUTURE],
      ] as const
    ).flatMap(([name, value]) => reads(`${name}: ${value}`, "/k", { headers: { [name]: value } })),
    ...reads("If-Match and If-Unmodified-Since", "/k", {
      headers: { "if-match": "{{etag}}", "if-unmodified-since": DECADE },
    }),
    ...reads("If-None-Match and If-Modified-Since", "/k", {
      headers: { "if-none-match": '"0"', "if-modified-since": FUTURE },
    }),
    ...reads("conditions on nothing", "/nothing", { headers: { "if-match": "*" } }),
    PUT("If-None-Match: * on what is there", "/k", {
      body: "y",
      headers: { "if-none-match": "*" },
    }),
    PUT("If-None-Match: * on nothing", "/new", { body: "y", headers: { "if-none-match": "*" } }),
    PUT("If-Match of another", "/k", { body: "y", headers: { "if-match": '"0000"' } }),
    PUT("If-Match of nothing", "/nothing", { body: "y", headers: { "if-match": "{{etag}}" } }),
    PUT("If-Match", "/k", {
      body: "0123456789",
      headers: { "if-match": "{{etag}}" },
      keep: { etag: "etag" },
    }),
    ...reads(
      "overrides",
      "/k?response-content-type=text%2Fx&response-cache-control=a%3D1&response-content-disposition=b&response-content-language=fr&response-content-encoding=br&response-expires=Fri%2C%2001%20Jan%202100%2000%3A00%3A00%20GMT",
    ),
    GET("an override by nobody", "/k?response-content-type=text%2Fx", { proof: "none" }),
    GET("an override, presigned", "/k?response-content-type=text%2Fx", { proof: "presigned" }),
    DELETE("If-Match of another", "/k", { headers: { "if-match": '"0000"' } }),
    HEAD("after a refused delete", "/k"),
    DELETE("If-Match", "/new", { headers: { "if-match": '"415290769594460e2e485922904f345d"' } }),
    HEAD("after a delete", "/new"),
  ],
};
