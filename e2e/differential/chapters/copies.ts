/** Copies, checksums, attributes and bodies in aws-chunks. */
import { type Chapter, GET, HEAD, PUT, reads } from "../step.ts";

const copy = (source: string, more: Readonly<Record<string, string>> = {}) => ({
  headers: { "x-amz-copy-source": source, ...more },
});

/** CopyObject. */
export const copies: Chapter = {
  name: "copies",
  steps: [
    PUT("the source", "/from", {
      body: "0123456789",
      headers: {
        "content-type": "text/a",
        "x-amz-meta-a": "1",
        "cache-control": "no-cache",
        "x-amz-tagging": "t=1",
      },
      keep: { etag: "etag" },
    }),
    PUT("a copy", "/to", copy("/{{bucket}}/from")),
    ...reads("a copy", "/to"),
    PUT("a copy, no slash before", "/to", copy("{{bucket}}/from")),
    PUT("a copy, all encoded", "/to", copy("{{bucket}}%2Ffrom")),
    PUT("other metadata", "/to", {
      headers: {
        ...copy("/{{bucket}}/from", {
          "x-amz-metadata-directive": "REPLACE",
          "content-type": "text/b",
          "x-amz-meta-b": "2",
        }).headers,
      },
    }),
    ...reads("other metadata", "/to"),
    PUT(
      "metadata with COPY are not heeded",
      "/to",
      copy("/{{bucket}}/from", { "x-amz-metadata-directive": "COPY", "x-amz-meta-b": "2" }),
    ),
    ...reads("metadata with COPY are not heeded", "/to"),
    PUT(
      "a directive nobody knows",
      "/to",
      copy("/{{bucket}}/from", { "x-amz-metadata-directive": "MOVE" }),
    ),
    GET("the copied tags", "/to?tagging"),
    PUT(
      "other tags",
      "/to",
      copy("/{{bucket}}/from", { "x-amz-tagging-directive": "REPLACE", "x-amz-tagging": "t=2" }),
    ),
    GET("other tags", "/to?tagging"),
    PUT("onto itself", "/from", copy("/{{bucket}}/from")),
    PUT(
      "onto itself with other metadata",
      "/from",
      copy("/{{bucket}}/from", { "x-amz-metadata-directive": "REPLACE", "x-amz-meta-c": "3" }),
    ),
    ...reads("onto itself", "/from"),
    PUT("of nothing", "/to", copy("/{{bucket}}/nothing")),
    PUT("of no bucket", "/to", copy("/no-such-bucket-here/from")),
    PUT("to no bucket", "//no-such-bucket-here/to", copy("/{{bucket}}/from")),
    PUT("without a key", "/to", copy("/{{bucket}}")),
    PUT("an empty source", "/to", copy("/")),
    PUT("if match", "/to", copy("/{{bucket}}/from", { "x-amz-copy-source-if-match": "{{etag}}" })),
    PUT(
      "if match of another",
      "/to",
      copy("/{{bucket}}/from", { "x-amz-copy-source-if-match": '"0"' }),
    ),
    PUT(
      "if none match",
      "/to",
      copy("/{{bucket}}/from", { "x-amz-copy-source-if-none-match": "{{etag}}" }),
    ),
    PUT(
      "if none match of another",
      "/to",
      copy("/{{bucket}}/from", { "x-amz-copy-source-if-none-match": '"0"' }),
    ),
    PUT(
      "if modified",
      "/to",
      copy("/{{bucket}}/from", {
        "x-amz-copy-source-if-modified-since": "Wed, 01 Jan 2020 00:00:00 GMT",
      }),
    ),
    PUT(
      "if unmodified",
      "/to",
      copy("/{{bucket}}/from", {
        "x-amz-copy-source-if-unmodified-since": "Wed, 01 Jan 2020 00:00:00 GMT",
      }),
    ),
    GET("all", "?list-type=2"),
  ],
};

/** Checksums of the flexible kind, and GetObjectAttributes. */
export const checksums: Chapter = {
  name: "checksums",
  steps: [
    ...(
      [
        ["crc32", "NhCmhg=="],
        ["crc32c", "mnG7TA=="],
        ["crc64nvme", "M3eFcAZSQlc="],
        ["sha1", "qvTGHdzF6KLavt4PO0gs2a6pQ00="],
        ["sha256", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="],
      ] as const
    ).flatMap(([name, value]) => [
      PUT("the right checksum", `/${name}`, {
        body: "hello",
        headers: { [`x-amz-checksum-${name}`]: value },
      }),
      GET("the checksum", `/${name}`, { headers: { "x-amz-checksum-mode": "ENABLED" } }),
      HEAD("the checksum", `/${name}`, { headers: { "x-amz-checksum-mode": "ENABLED" } }),
      GET("the attributes", `/${name}?attributes`, {
        headers: { "x-amz-object-attributes": "ETag,Checksum,ObjectSize,StorageClass" },
      }),
      PUT("a wrong checksum", `/${name}`, {
        body: "hullo",
        headers: { [`x-amz-checksum-${name}`]: value },
      }),
    ]),
    PUT("a checksum that is none", "/x", {
      body: "hello",
      headers: { "x-amz-checksum-crc32": "no!" },
    }),
    PUT("two checksums", "/x", {
      body: "hello",
      headers: {
        "x-amz-checksum-crc32": "NhCmhg==",
        "x-amz-checksum-sha1": "qvTGHdzF6KLavt4PO0gs2a6pQ00=",
      },
    }),
    GET("a range has no checksum", "/crc32", {
      headers: { "x-amz-checksum-mode": "ENABLED", range: "bytes=0-1" },
    }),
    GET("attributes of nothing", "/nothing?attributes", {
      headers: { "x-amz-object-attributes": "ETag" },
    }),
    GET("no attributes", "/crc32?attributes"),
    GET("attributes nobody knows", "/crc32?attributes", {
      headers: { "x-amz-object-attributes": "Colour" },
    }),
    PUT("a copy keeps its checksum", "/copy", {
      headers: { "x-amz-copy-source": "/{{bucket}}/sha256" },
    }),
    HEAD("a copy keeps its checksum", "/copy", { headers: { "x-amz-checksum-mode": "ENABLED" } }),
    PUT("unsigned chunks with a trailer", "/chunks", {
      headers: {
        "content-encoding": "aws-chunked",
        "x-amz-decoded-content-length": "5",
        "x-amz-trailer": "x-amz-checksum-crc32",
      },
      payloadHash: "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
      body: "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n",
    }),
    GET("unsigned chunks with a trailer", "/chunks", {
      headers: { "x-amz-checksum-mode": "ENABLED" },
    }),
    PUT("a wrong trailer", "/chunks", {
      headers: {
        "content-encoding": "aws-chunked",
        "x-amz-decoded-content-length": "5",
        "x-amz-trailer": "x-amz-checksum-crc32",
      },
      payloadHash: "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
      body: "5\r\nhullo\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n",
    }),
    GET("all", "?list-type=2"),
  ],
};
