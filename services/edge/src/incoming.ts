/** An HTTP request as it came, read strictly: what a proxy in front and the backend behind might understand differently is refused. */
import type { IncomingMessage } from "node:http";
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { decodeTarget, isKeyLengthAllowed, parseQuery } from "@s3eg/shared/s3/names.ts";
import type { SignableRequest } from "@s3eg/shared/s3/sigv4.ts";
import { bucketOfHost } from "./host-bucket.ts";
import { s3Error } from "./s3/errors.ts";
import { Query } from "./s3-request.ts";

/** What the head of a request says. */
export interface Incoming {
  readonly method: string;
  readonly signable: SignableRequest;
  readonly headers: HeaderFields;
  readonly bucket: string;
  readonly key: string;
  readonly query: Query;
  /** The bucket, where it is the host that names it. */
  readonly hostBucket?: string;
}

/** Fields of which a second one would let two readers see two requests. */
const SINGLE_FIELDS = new Set([
  "authorization",
  "content-length",
  "host",
  "x-amz-content-sha256",
  "x-amz-date",
]);

/** What can name a bucket at some S3 server. Which of these it takes is for the backend to say. */
const BUCKET_NAME = /^[A-Za-z0-9._:-]{1,255}$/;

/** True unless the name could be read as something else than one bucket: `a/b`, `..`, control characters. */
export function isBucketName(name: string): boolean {
  return BUCKET_NAME.test(name) && name !== "." && name !== "..";
}

/**
 * Reads the head; under `virtualHostDomains` the host names the bucket. Throws `InvalidURI`, `InvalidBucketName`, `KeyTooLongError`,
 * `InvalidRequest`.
 */
export function readIncoming(
  req: IncomingMessage,
  virtualHostDomains: readonly string[] = [],
): Incoming {
  const pairs = headerPairs(req.rawHeaders);
  const headers = joined(pairs);
  const hostBucket = bucketOfHost(headers.host, virtualHostDomains);
  const target = decodeTarget(req.url ?? "", hostBucket);
  const isService = target.bucket === "" && target.rawPath === "/";
  if (!isService && !isBucketName(target.bucket)) {
    throw s3Error("InvalidBucketName", { fields: { BucketName: target.bucket } });
  }
  if (!isKeyLengthAllowed(target.key)) throw s3Error("KeyTooLongError");
  const method = req.method ?? "";
  return {
    method,
    signable: { method, rawPath: target.rawPath, rawQuery: target.rawQuery, headers: pairs },
    headers,
    bucket: target.bucket,
    key: target.key,
    query: new Query(parseQuery(target.rawQuery)),
    ...(hostBucket === undefined ? {} : { hostBucket }),
  };
}

function headerPairs(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    pairs.push([(raw[index] ?? "").toLowerCase(), raw[index + 1] ?? ""]);
  }
  return pairs;
}

function joined(pairs: readonly (readonly [string, string])[]): HeaderFields {
  // No prototype: a header may be called __proto__ or constructor.
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of pairs) {
    const before = headers[name];
    if (before !== undefined && SINGLE_FIELDS.has(name)) {
      throw s3Error("InvalidRequest", { message: `header ${name} is given twice` });
    }
    headers[name] = before === undefined ? value : `${before},${value}`;
  }
  return headers;
}
