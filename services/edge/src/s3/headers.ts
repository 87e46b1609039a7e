/** Which header fields cross the gateway, in either direction. What is not listed stays here. */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { CONTENT_FIELDS, isMetadataField } from "@s3eg/shared/format/metadata.ts";
import { objectConditions } from "./conditions.ts";
import { s3Error } from "./errors.ts";
import { clientEtag } from "./etags.ts";

const METADATA_PREFIX = "x-amz-meta-";
const STORED_PREFIXES = [
  METADATA_PREFIX,
  "x-amz-grant-",
  "x-amz-object-lock-",
  "x-amz-server-side-encryption",
];
const STORED = [
  ...CONTENT_FIELDS,
  "x-amz-acl",
  "x-amz-storage-class",
  "x-amz-tagging",
  "x-amz-website-redirect-location",
];
/** Fields by which the backend finds the CORS rule whose headers the answer must carry (Fetch standard, "CORS protocol"). */
const CORS = ["origin", "access-control-request-headers", "access-control-request-method"];
/** Fields that speak about the request, not the object. */
const ASKING = ["x-amz-expected-bucket-owner", "x-amz-request-payer", ...CORS];

/** Fields beside `x-amz-*` that a passed-through request keeps. */
const PASSED = ["content-type", ...CORS];
/** `x-amz-*` fields that say how the client signed, framed or summed its request: that was checked here, and the gateway's own take their place. */
const OF_THE_SIGNATURE = new Set([
  "x-amz-content-sha256",
  "x-amz-date",
  "x-amz-decoded-content-length",
  "x-amz-sdk-checksum-algorithm",
  "x-amz-security-token",
  "x-amz-trailer",
  "x-amz-user-agent",
]);

/** Storing the object without regard to these would do something else than was asked (S3 API, PutObject: append). */
const NOT_HONOURED = new Set(["x-amz-write-offset-bytes"]);

const CHECKSUM = /^x-amz-checksum-(crc|sha)/;

/** Fields beside `x-amz-*` of a backend's answer that are about the object or the bucket. `etag` is mapped. */
const ANSWERED = new Set([
  ...CONTENT_FIELDS,
  "accept-ranges",
  "allow",
  "last-modified",
  "retry-after",
  "vary",
]);
/** What Ceph tells of objects, buckets and accounts: a kind, and the numbers of objects and of bytes as they are stored. */
const OF_CEPH = /^x-rgw-(?:object-type|object-count|bytes-used|quota-.*)$/;
/** `x-amz-*` fields of one hop, or about the stored bytes. */
const NOT_ANSWERED = new Set(["x-amz-id-2", "x-amz-object-size", "x-amz-request-id"]);

/** Fields of a client's request to store with an object: metadata, content headers, ACL, tags, lock, encryption. */
export function storedHeaders(headers: HeaderFields): HeaderFields {
  const stored: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    refuseOurs(name);
    const isStored =
      STORED.includes(name) ||
      ASKING.includes(name) ||
      STORED_PREFIXES.some((prefix) => name.startsWith(prefix));
    const kept = name === "content-encoding" ? withoutAwsChunked(value) : value;
    // User metadata may be empty and is then kept so; any other field without a value says nothing.
    if (isStored && (kept !== "" || name.startsWith(METADATA_PREFIX))) stored[name] = kept;
  }
  return stored;
}

function refuseOurs(name: string): void {
  if (name.startsWith(HEADER_FIELD)) {
    throw s3Error("InvalidArgument", {
      message: `metadata names that begin with ${HEADER_FIELD} are the gateway's own`,
      fields: { ArgumentName: name },
    });
  }
  if (NOT_HONOURED.has(name)) throw s3Error("NotImplemented", { fields: { Header: name } });
}

/** `aws-chunked` frames the request, not the object (S3 API, "Signature Calculations: chunked upload"). */
function withoutAwsChunked(value: string): string {
  const codings = value.split(",").map((coding) => coding.trim());
  const others = codings.filter((coding) => coding.toLowerCase() !== "aws-chunked");
  if (others.length === codings.length) return value;
  return others.join(",");
}

/** Fields of a request without an object body that the backend must know. */
export function askingHeaders(headers: HeaderFields): HeaderFields {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => ASKING.includes(name) || name.startsWith("x-amz-server-side-encryption"),
    ),
  );
}

/** The fields of a request that CORS rules are matched with. */
export function corsHeaders(headers: HeaderFields): HeaderFields {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => CORS.includes(name)));
}

/** Fields of a source that a copy takes over: metadata and content headers. */
export function copiedHeaders(source: HeaderFields): HeaderFields {
  return Object.fromEntries(Object.entries(source).filter(([name]) => isMetadataField(name)));
}

/** Of the fields to store, those that a copy takes from its request even where the source's metadata stay. */
export function uncopiedHeaders(stored: HeaderFields): HeaderFields {
  return Object.fromEntries(Object.entries(stored).filter(([name]) => !isMetadataField(name)));
}

/** Fields of a client's request that a passed-through operation hands to the backend. */
export function passedHeaders(headers: HeaderFields): HeaderFields {
  const passed: Record<string, string> = { ...objectConditions(headers) };
  for (const [name, value] of Object.entries(headers)) {
    refuseOurs(name);
    const isOwn = OF_THE_SIGNATURE.has(name) || CHECKSUM.test(name);
    if (PASSED.includes(name) || (name.startsWith("x-amz-") && !isOwn)) passed[name] = value;
  }
  return passed;
}

/** The backend's answer headers as a client gets them: what is about object or bucket, ETag mapped, the gateway's own metadata left out. */
export function answerHeaders(headers: HeaderFields): HeaderFields {
  const answer: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (isAnswered(name, value)) answer[name] = name === EXPOSED ? exposed(value) : value;
  }
  const etag = headers.etag;
  return etag === undefined ? answer : { ...answer, etag: clientEtag(etag) };
}

/** A backend that exposes every header to a browser's script names ours as well (Fetch standard, "CORS protocol"). */
const EXPOSED = "access-control-expose-headers";

function exposed(value: string): string {
  const names = value.split(",").map((name) => name.trim());
  const others = names.filter((name) => !name.toLowerCase().startsWith(HEADER_FIELD));
  return others.length === names.length ? value : others.join(", ");
}

function isAnswered(name: string, value: string): boolean {
  if (name.startsWith("x-amz-")) {
    const isOurs = name.startsWith(HEADER_FIELD) || name.startsWith("x-amz-checksum-");
    return !isOurs && !NOT_ANSWERED.has(name);
  }
  // An absolute one would tell where the backend is.
  if (name === "location") return value.startsWith("/");
  return ANSWERED.has(name) || OF_CEPH.test(name) || name.startsWith("access-control-");
}
