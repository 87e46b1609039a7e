/** The source of a copy: `x-amz-copy-source`, decoded (S3 API, CopyObject). */
import type { Place } from "@s3eg/shared/contracts/keys.ts";
import { isKeyLengthAllowed } from "@s3eg/shared/s3/names.ts";
import { isBucketName } from "../incoming.ts";
import { s3Error } from "../s3/errors.ts";
import type { S3Request } from "../s3-request.ts";

/** What is copied from. */
export interface CopySource {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
  /** What its envelope is bound to. */
  readonly place: Place;
}

/** The source that a copy names, and what its envelope is bound to. */
export function copySourceOf(request: S3Request): CopySource {
  const source = parseCopySource(request.headers["x-amz-copy-source"] ?? "");
  const { bucket, key } = source;
  return { ...source, place: { bucket: request.policyOf(bucket).bindAs ?? bucket, key } };
}

/** Parses `/bucket/key?versionId=…`, with or without the first slash, percent-encoded or not; `InvalidArgument` for anything else. */
export function parseCopySource(value: string): Omit<CopySource, "place"> {
  const [path = "", ...queries] = value.split("?versionId=");
  const decoded = decode(withoutPluses(path.replace(/^\//, "")));
  const slash = decoded.indexOf("/");
  const [bucket, key] = [decoded.slice(0, slash), decoded.slice(slash + 1)];
  const isNamed = slash > 0 && isBucketName(bucket) && key !== "";
  const isVersioned = queries.length === 1 && queries[0] !== "";
  if (!isNamed || (queries.length > 0 && !isVersioned) || !isKeyLengthAllowed(key)) {
    throw malformed();
  }
  return {
    bucket,
    key,
    ...(queries[0] === undefined ? {} : { versionId: decode(queries[0]) }),
  };
}

/**
 * S3 takes a bare plus for a space, and s5cmd sends spaces so. minio-js sends a plus bare and a space as `%20`: where a space is
 * written otherwise, a plus is a plus.
 */
function withoutPluses(path: string): string {
  return /%20| /.test(path) ? path : path.replaceAll("+", "%20");
}

// Header values are latin-1: an unencoded UTF-8 name arrives as its bytes.
function decode(text: string): string {
  const bytes = Buffer.from(text, "latin1");
  const utf8 = bytes.toString("utf8");
  const isUtf8 = Buffer.from(utf8, "utf8").equals(bytes);
  try {
    return decodeURIComponent(isUtf8 ? utf8 : text);
  } catch {
    throw malformed();
  }
}

function malformed() {
  return s3Error("InvalidArgument", {
    message: "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
    fields: { ArgumentName: "x-amz-copy-source" },
  });
}
