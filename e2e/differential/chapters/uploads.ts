/** Uploads in parts. */
import { type Chapter, DELETE, GET, POST, PUT, reads } from "../step.ts";

const MIB5 = 5 * 1024 * 1024;
const FIRST = Buffer.alloc(MIB5, "first part ");
const SECOND = Buffer.from("the second part");

const complete = (...parts: readonly (readonly [number, string])[]): string => {
  const listed = parts.map(
    ([number, etag]) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`,
  );
  return `<CompleteMultipartUpload>${listed.join("")}</CompleteMultipartUpload>`;
};

/** CreateMultipartUpload to CompleteMultipartUpload, and everything that can be asked in between. */
export const uploads: Chapter = {
  name: "uploads",
  steps: [
    GET("no uploads", "?uploads"),
    POST("an upload", "/big?uploads", {
      headers: { "content-type": "text/big", "x-amz-meta-a": "1" },
      keep: { upload: /<UploadId>([^<]*)</ },
    }),
    GET("its parts, none yet", "/big?uploadId={{upload}}"),
    PUT("part 1", "/big?partNumber=1&uploadId={{upload}}", {
      body: FIRST,
      keep: { etag1: "etag" },
    }),
    PUT("part 2", "/big?partNumber=2&uploadId={{upload}}", { body: "to be replaced" }),
    PUT("part 2 again", "/big?partNumber=2&uploadId={{upload}}", {
      body: SECOND,
      keep: { etag2: "etag" },
    }),
    PUT("part 2 with a wrong digest", "/big?partNumber=2&uploadId={{upload}}", {
      body: "x",
      headers: { "content-md5": "XUFAKrxLKna5cZ2REBfFkg==" },
    }),
    PUT("part 0", "/big?partNumber=0&uploadId={{upload}}", { body: "x" }),
    PUT("part 10001", "/big?partNumber=10001&uploadId={{upload}}", { body: "x" }),
    PUT("a part of no upload", "/big?partNumber=1&uploadId=00000000-0000-0000-0000-000000000000", {
      body: "x",
    }),
    GET("its parts", "/big?uploadId={{upload}}"),
    GET("one part at a time", "/big?uploadId={{upload}}&max-parts=1"),
    GET("parts after the first", "/big?uploadId={{upload}}&part-number-marker=1"),
    GET("parts of no upload", "/big?uploadId=00000000-0000-0000-0000-000000000000"),
    GET("uploads", "?uploads"),
    GET("uploads by prefix", "?uploads&prefix=b"),
    GET("uploads by another prefix", "?uploads&prefix=c"),
    GET("uploads by delimiter", "?uploads&delimiter=%2F"),
    GET("one upload", "?uploads&max-uploads=1"),
    ...reads("nothing yet", "/big"),
    POST("complete without parts", "/big?uploadId={{upload}}", { body: complete() }),
    POST("complete with no XML", "/big?uploadId={{upload}}", { body: "this is no XML" }),
    POST("complete in the wrong order", "/big?uploadId={{upload}}", {
      body: complete([2, "{{etag2}}"], [1, "{{etag1}}"]),
    }),
    POST("complete with another ETag", "/big?uploadId={{upload}}", {
      body: complete([1, "{{etag1}}"], [2, "{{etag1}}"]),
    }),
    POST("complete with a part that is not there", "/big?uploadId={{upload}}", {
      body: complete([1, "{{etag1}}"], [3, "{{etag2}}"]),
    }),
    POST("complete", "/big?uploadId={{upload}}", {
      body: complete([1, "{{etag1}}"], [2, "{{etag2}}"]),
      keep: { etag: /<ETag>(?:&#34;|&quot;|")([^<&"]*)/ },
    }),
    ...reads("the object", "/big"),
    ...["bytes=0-3", "bytes=5242878-5242882", "bytes=-4", `bytes=${MIB5 + 15}-`].flatMap((range) =>
      reads(`range ${range}`, "/big", { headers: { range } }),
    ),
    ...[1, 2, 3].flatMap((part) => reads(`part ${part}`, `/big?partNumber=${part}`)),
    GET("its attributes", "/big?attributes", {
      headers: { "x-amz-object-attributes": "ETag,ObjectSize,StorageClass" },
    }),
    GET("in a listing", "?list-type=2"),
    GET("no uploads again", "?uploads"),
    GET("parts of the completed upload", "/big?uploadId={{upload}}"),
    POST("an upload to be given up", "/gone?uploads", { keep: { upload2: /<UploadId>([^<]*)</ } }),
    PUT("a part too small", "/gone?partNumber=1&uploadId={{upload2}}", {
      body: "x",
      keep: { etag3: "etag" },
    }),
    PUT("a last part", "/gone?partNumber=2&uploadId={{upload2}}", {
      body: "y",
      keep: { etag4: "etag" },
    }),
    POST("complete with a part too small", "/gone?uploadId={{upload2}}", {
      body: complete([1, "{{etag3}}"], [2, "{{etag4}}"]),
    }),
    PUT("a part that is a copy", "/gone?partNumber=3&uploadId={{upload2}}", {
      headers: { "x-amz-copy-source": "/{{bucket}}/big", "x-amz-copy-source-range": "bytes=0-9" },
    }),
    PUT("a part that is a copy of too much", "/gone?partNumber=3&uploadId={{upload2}}", {
      headers: {
        "x-amz-copy-source": "/{{bucket}}/big",
        "x-amz-copy-source-range": "bytes=0-99999999",
      },
    }),
    PUT("a part that is a copy of nothing", "/gone?partNumber=3&uploadId={{upload2}}", {
      headers: { "x-amz-copy-source": "/{{bucket}}/nothing" },
    }),
    GET("its parts", "/gone?uploadId={{upload2}}"),
    DELETE("abort", "/gone?uploadId={{upload2}}"),
    DELETE("abort again", "/gone?uploadId={{upload2}}"),
    PUT("a part after the abort", "/gone?partNumber=1&uploadId={{upload2}}", { body: "x" }),
    POST("an upload to no bucket", "//no-such-bucket-here/k?uploads"),
    POST("one part alone", "/one?uploads", { keep: { upload3: /<UploadId>([^<]*)</ } }),
    PUT("one part alone", "/one?partNumber=7&uploadId={{upload3}}", {
      body: "x",
      keep: { etag5: "etag" },
    }),
    POST("one part alone, if it is new", "/one?uploadId={{upload3}}", {
      headers: { "if-none-match": "*" },
      body: complete([7, "{{etag5}}"]),
    }),
    ...reads("one part alone", "/one"),
  ],
};
