/** Where a client reached an object: what answers tell as `Location` (S3 API, CompleteMultipartUpload, POST Object). */
import { encodeKey } from "@s3eg/shared/s3/names.ts";
import type { Incoming } from "./incoming.ts";

/** The URL of a key under the address that the client used. What a proxy in front says of the scheme is heard. */
export function objectUrl(
  { headers, bucket, hostBucket }: Pick<Incoming, "headers" | "bucket" | "hostBucket">,
  key: string,
): string {
  const scheme = headers["x-forwarded-proto"] === "https" ? "https" : "http";
  const bucketPath = hostBucket === undefined ? `/${bucket}` : "";
  return `${scheme}://${headers.host ?? ""}${bucketPath}/${encodeKey(key)}`;
}
