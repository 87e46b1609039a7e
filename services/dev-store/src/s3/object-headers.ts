/** Which headers are kept with an object, and which an object answers with. */
import type { HeaderFields, S3Request } from "../s3-request.ts";
import type { Bucket } from "../store/bucket.ts";
import { NULL_VERSION, type ObjectVersion } from "../store/records.ts";
import { invalidArgument, S3Error } from "./errors.ts";

const CONTENT_HEADERS = [
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-type",
  "expires",
] as const;
const METADATA_PREFIX = "x-amz-meta-";
const MAX_METADATA_BYTES = 2048;
const DEFAULT_CONTENT_TYPE = "binary/octet-stream";

/** What to keep of a request's headers. Throws MetadataTooLarge. */
export function headersToStore(headers: HeaderFields): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of CONTENT_HEADERS) {
    const value = name === "content-encoding" ? contentEncoding(headers) : headers[name];
    if (value !== undefined && value !== "") kept[name] = value;
  }
  kept["content-type"] ??= DEFAULT_CONTENT_TYPE;
  let metadataBytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(METADATA_PREFIX)) continue;
    kept[name] = value;
    metadataBytes += name.length - METADATA_PREFIX.length + value.length;
  }
  if (metadataBytes > MAX_METADATA_BYTES) {
    throw new S3Error("MetadataTooLarge", {
      fields: { Size: `${metadataBytes}`, MaxSizeAllowed: `${MAX_METADATA_BYTES}` },
    });
  }
  return kept;
}

/** `aws-chunked` is how the body came, not how the object is encoded. */
function contentEncoding(headers: HeaderFields): string | undefined {
  return headers["content-encoding"]
    ?.split(",")
    .map((coding) => coding.trim())
    .filter((coding) => coding !== "aws-chunked" && coding !== "")
    .join(",");
}

const STORAGE_CLASSES: ReadonlySet<string> = new Set([
  "STANDARD",
  "REDUCED_REDUNDANCY",
  "STANDARD_IA",
  "ONEZONE_IA",
  "INTELLIGENT_TIERING",
  "GLACIER_IR",
]);

/** The storage class asked for: a label that is kept, no more. Throws InvalidArgument for one that would make objects unreadable. */
export function storageClassOf(headers: HeaderFields): string {
  const name = headers["x-amz-storage-class"] ?? "STANDARD";
  if (!STORAGE_CLASSES.has(name)) throw invalidArgument("x-amz-storage-class", name);
  return name;
}

/** The version id header, on buckets that have or had versioning. */
export function versionHeaders(bucket: Bucket, versionId: string): Record<string, string> {
  const isTold = bucket.versioning !== "Off" || versionId !== NULL_VERSION;
  return isTold ? { "x-amz-version-id": versionId } : {};
}

/** What GET and HEAD answer about an object, its length and checksum aside. */
export function objectHeaders(bucket: Bucket, version: ObjectVersion): Record<string, string> {
  return {
    ...version.headers,
    ...versionHeaders(bucket, version.versionId),
    "accept-ranges": "bytes",
    etag: quoted(version.etag),
    "last-modified": new Date(version.modifiedAt).toUTCString(),
    ...(version.storageClass === "STANDARD" ? {} : { "x-amz-storage-class": version.storageClass }),
    ...(version.tags.length === 0 ? {} : { "x-amz-tagging-count": `${version.tags.length}` }),
  };
}

/** Parameters of GET and HEAD that replace a header of the answer. */
export const RESPONSE_PARAMETERS = CONTENT_HEADERS.map((name) => `response-${name}`);

/** The headers that `response-*` parameters ask for. Throws InvalidArgument for a value that is not a header value. */
export function responseOverrides({ query }: S3Request): Record<string, string> {
  const overrides: Record<string, string> = {};
  for (const name of CONTENT_HEADERS) {
    const value = query.get(`response-${name}`);
    if (value === undefined) continue;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they would split the answer
    if (/[\x00-\x08\x0a-\x1f\x7f]/.test(value)) throw invalidArgument(`response-${name}`, value);
    overrides[name] = Buffer.from(value, "utf8").toString("latin1");
  }
  return overrides;
}

/** An ETag as headers and XML show it. */
export function quoted(etag: string): string {
  return `"${etag}"`;
}

/** A moment as S3's XML shows it: whole seconds. */
export function isoSeconds(milliseconds: number): string {
  return new Date(Math.floor(milliseconds / 1000) * 1000).toISOString();
}
