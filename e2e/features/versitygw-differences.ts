/** Where a real S3 server is not quite S3. The suites check that the list is neither too short nor too long. */

/** What a server does differently, and why. */
export interface Difference {
  readonly why: string;
  /** True where it only sometimes goes wrong, so that nothing can be expected. */
  readonly isUnsteady?: boolean;
}

/** What versitygw 1.7.0 does differently, by feature. */
export const VERSITYGW_DIFFERENCES: Readonly<Record<string, Difference>> = {
  "Content-Encoding aws-chunked is not kept": { why: "keeps it and sends it back" },
  "keys d, d/ and d/x are three objects": { why: "keys are paths of a file system" },
  "keys are not normalised: a//b, ./x, o/../y": { why: "keys are paths of a file system" },
  "a key of 1024 bytes without slashes": { why: "a path segment may have 255 bytes" },
  "If-Modified-Since with the object's own Last-Modified gives 304": {
    why: "compares below the second",
  },
  "of racing writers with If-None-Match: * one wins": {
    why: "condition and write are two steps",
    isUnsteady: true,
  },
  "ListMultipartUploads, with prefix and in pages": { why: "refuses its own upload-id marker" },
  "GetObjectAttributes of several attributes at once": {
    why: "takes the list without spaces only, the SDK sends them",
  },
  "a key of 1025 bytes is refused": { why: "knows the limits of its file system only" },
  "GetObjectAttributes lists the parts of an object with checksums": { why: "leaves them out" },
  "GetObjectAttributes counts the parts of an object without checksums": { why: "leaves them out" },
  "ListObjectsV2 with a delimiter, page by page": { why: "KeyCount leaves common prefixes out" },
  "a continuation token that is none is refused": { why: "takes any token" },
  "ListObjects (v1) goes on after a marker; NextMarker comes with a delimiter only": {
    why: "always sends NextMarker",
  },
  "encoding-type=url encodes keys, prefixes and the delimiter": { why: "ignores it" },
  "DeleteObjects names what it deleted, or is quiet": { why: "is never quiet" },
  "ListObjectVersions, newest first, with markers, page by page": {
    why: "says that the last page is truncated",
  },
  "conditions on the source of a copy": { why: "304 where S3 says 412" },
  "Expect: 100-continue of a request to be refused gets no 100": {
    why: "sends 100 before it looks at the signature",
  },
  "an object's ACL can be asked for": { why: "501" },
};
