/** Finding the object a request means, with S3's answers where there is none. */
import { S3Error } from "../s3/errors.ts";
import { versionHeaders } from "../s3/object-headers.ts";
import type { Bucket } from "../store/bucket.ts";
import type { ObjectVersion } from "../store/records.ts";

/** The object, or that version of it. Throws NoSuchKey, NoSuchVersion, or MethodNotAllowed where a delete marker was asked for by its id. */
export function objectOf(
  bucket: Bucket,
  { key, versionId }: { key: string; versionId?: string | undefined },
): ObjectVersion {
  const version = bucket.find(key, versionId);
  if (version?.kind === "object") return version;
  if (!version) {
    throw versionId === undefined
      ? new S3Error("NoSuchKey", { fields: { Key: key } })
      : new S3Error("NoSuchVersion", { fields: { Key: key, VersionId: versionId } });
  }
  const headers = {
    "x-amz-delete-marker": "true",
    ...versionHeaders(bucket, version.versionId),
    "last-modified": new Date(version.modifiedAt).toUTCString(),
  };
  throw versionId === undefined
    ? new S3Error("NoSuchKey", { fields: { Key: key }, headers })
    : new S3Error("MethodNotAllowed", {
        fields: { Method: "GET", ResourceType: "DeleteMarker" },
        headers: { ...headers, allow: "DELETE" },
      });
}
