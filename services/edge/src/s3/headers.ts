/** Which header fields cross the gateway, in either direction. What is not listed stays here. */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { objectConditions } from "./conditions.ts";
import { s3Error } from "./errors.ts";
import { clientEtag } from "./etags.ts";

const CONTENT = [
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-type",
  "expires",
];
const STORED_PREFIXES = [
  "x-amz-meta-",
  "x-amz-grant-",
  "x-amz-object-lock-",
  "x-amz-server-side-encryption",
];
const STORED = [
  ...CONTENT,
  "x-amz-acl",
  "x-amz-storage-class",
  "x-amz-tagging",
  "x-amz-website-redirect-location",
];
/** Fields that speak about the request, not the object. */
const ASKING = ["x-amz-expected-bucket-owner", "x-amz-request-payer"];

/** Fields beside `x-amz-*` that a passed-through request keeps. */
const PASSED = ["content-type", "origin"];
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

const CHECKSUM = /^x-amz-checksum-(crc|sha)/;

/** Fields that belong to one hop, to the backend's body, or to nobody outside. */
const NOT_ANSWERED = new Set([
  "connection",
  "content-length",
  "content-range",
  "date",
  "etag",
  "keep-alive",
  "server",
  "trailer",
  "transfer-encoding",
  "x-amz-id-2",
  "x-amz-request-id",
]);

/** Fields of a client's request to store with an object: metadata, content headers, ACL, tags, lock, encryption. */
export function storedHeaders(headers: HeaderFields): HeaderFields {
  const stored: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(HEADER_FIELD)) {
      throw s3Error("InvalidArgument", {
        message: `metadata names that begin with ${HEADER_FIELD} are the gateway's own`,
        fields: { ArgumentName: name },
      });
    }
    const isStored =
      STORED.includes(name) ||
      ASKING.includes(name) ||
      STORED_PREFIXES.some((prefix) => name.startsWith(prefix));
    const kept = name === "content-encoding" ? withoutAwsChunked(value) : value;
    if (isStored && kept !== "") stored[name] = kept;
  }
  return stored;
}

/** `aws-chunked` frames the request, not the object (S3 API, "Signature Calculations: chunked upload"). */
function withoutAwsChunked(value: string): string {
  const codings = value.split(",").map((coding) => coding.trim());
  return codings.filter((coding) => coding.toLowerCase() !== "aws-chunked").join(",");
}

/** Fields of a request without an object body that the backend must know. */
export function askingHeaders(headers: HeaderFields): HeaderFields {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => ASKING.includes(name) || name.startsWith("x-amz-server-side-encryption"),
    ),
  );
}

/** Fields of a source that a copy takes over: metadata and content headers. */
export function copiedHeaders(source: HeaderFields): HeaderFields {
  return Object.fromEntries(
    Object.entries(source).filter(
      ([name]) =>
        CONTENT.includes(name) ||
        (name.startsWith("x-amz-meta-") && !name.startsWith(HEADER_FIELD)),
    ),
  );
}

/** Fields of a client's request that a passed-through operation hands to the backend. */
export function passedHeaders(headers: HeaderFields): HeaderFields {
  const passed: Record<string, string> = { ...objectConditions(headers) };
  for (const [name, value] of Object.entries(headers)) {
    const isOwn = OF_THE_SIGNATURE.has(name) || CHECKSUM.test(name);
    if (PASSED.includes(name) || (name.startsWith("x-amz-") && !isOwn)) passed[name] = value;
  }
  return passed;
}

/** The backend's answer headers as a client gets them: ETag mapped, the gateway's own metadata and hop-by-hop fields left out. */
export function answerHeaders(headers: HeaderFields): HeaderFields {
  const answer: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const isOurs = name.startsWith(HEADER_FIELD) || name.startsWith("x-amz-checksum-");
    if (!isOurs && !NOT_ANSWERED.has(name)) answer[name] = value;
  }
  const etag = headers.etag;
  return etag === undefined ? answer : { ...answer, etag: clientEtag(etag) };
}
