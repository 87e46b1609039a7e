/** The ETag of a part as a client sees it: one that is no MD5 of what it sent must not look like one. */
import type { BucketPolicy } from "./auth/policy.ts";
import { clientEtag } from "./s3/etags.ts";

/** By policy the plaintext's MD5 where it is known, else the backend's tag marked with `-0`. Complete takes both. */
export function shownPartEtag(
  { etag: kind }: Pick<BucketPolicy, "etag">,
  backendEtag: string,
  md5: string | undefined,
): string {
  return kind === "md5" && md5 !== undefined ? `"${md5}"` : clientEtag(backendEtag);
}
