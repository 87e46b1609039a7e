/** The x-amz-copy-source header: which object, which version. */
import { decodeTarget, parseQuery } from "@s3eg/shared/s3/names.ts";
import { checkCopySource } from "../s3/conditions.ts";
import { invalidArgument, isS3Error, S3Error } from "../s3/errors.ts";
import { type HeaderFields, versionIdOf } from "../s3-request.ts";
import type { Bucket } from "../store/bucket.ts";
import type { ObjectVersion } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import { objectOf } from "./find-object.ts";

/** A source that is there and meets the conditions on it. */
export interface CopySource {
  readonly bucket: Bucket;
  readonly key: string;
  readonly version: ObjectVersion;
  /** True if a certain version was asked for. */
  readonly isVersioned: boolean;
}

/** Finds the source. Throws as a read of it would, and PreconditionFailed. */
export function copySource(headers: HeaderFields, store: Store): CopySource {
  const text = headers["x-amz-copy-source"] ?? "";
  // A "?" in a key may come unencoded, so only what looks like the version counts.
  const at = text.lastIndexOf("?versionId=");
  const path = at < 0 ? text : text.slice(0, at);
  const target = targetOf(path.startsWith("/") ? path : `/${path}`);
  if (target.bucket === "" || target.key === "") {
    throw invalidArgument(
      "x-amz-copy-source",
      text,
      "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
    );
  }
  const versionId =
    at < 0 ? undefined : versionIdOf({ query: new Map(parseQuery(text.slice(at + 1))) });
  const bucket = store.bucket(target.bucket);
  const version = sourceVersion(bucket, { key: target.key, versionId });
  checkCopySource(headers, version);
  return { bucket, key: target.key, version, isVersioned: versionId !== undefined };
}

function targetOf(path: string): { bucket: string; key: string } {
  try {
    return decodeTarget(path.replaceAll("?", "%3F").replaceAll("#", "%23").replaceAll(" ", "%20"));
  } catch {
    throw invalidArgument("x-amz-copy-source", path, "Invalid copy source encoding.");
  }
}

function sourceVersion(
  bucket: Bucket,
  wanted: { key: string; versionId: string | undefined },
): ObjectVersion {
  try {
    return objectOf(bucket, wanted);
  } catch (error) {
    if (!isS3Error(error, "MethodNotAllowed")) throw error;
    throw new S3Error("InvalidRequest", {
      message:
        "The source of a copy request may not specifically refer to a delete marker by version id.",
    });
  }
}
