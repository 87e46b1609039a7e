/** What a bucket's policy forbids, whoever asks: requests over plain HTTP, to get around a lock, and objects that are too large. */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { S3_ERRORS, S3Error, s3Error } from "../s3/errors.ts";
import type { BucketPolicy } from "./policy.ts";

/** Throws `AccessDenied` for a request over plain HTTP into a bucket that takes none (`require_tls`). */
export function checkTls({ requiresTls }: BucketPolicy, isSecure: boolean): void {
  if (!requiresTls || isSecure) return;
  throw s3Error("AccessDenied", { message: "Requests to this bucket must use HTTPS." });
}

const BYPASS = "x-amz-bypass-governance-retention";

/** Throws `AccessDenied` for a request to bypass governance retention where the policy lets nobody (`disallow_lock_bypass`). */
export function checkLockBypass(
  { disallowsLockBypass }: BucketPolicy,
  headers: HeaderFields,
): void {
  const asked = headers[BYPASS]?.trim().toLowerCase() ?? "false";
  if (!disallowsLockBypass || asked === "false") return;
  throw s3Error("AccessDenied", {
    message: "The policy of this bucket lets nobody bypass governance retention.",
  });
}

/** Throws `EntityTooLarge` for more plaintext bytes than an object of the bucket may have (`max_object_size`). */
export function checkObjectSize(
  { maxObjectBytes }: Pick<BucketPolicy, "maxObjectBytes">,
  sizeBytes: number,
): void {
  if (maxObjectBytes === undefined || sizeBytes <= maxObjectBytes) return;
  const { message, status } = S3_ERRORS.EntityTooLarge;
  const fields = { ProposedSize: sizeBytes, MaxSizeAllowed: maxObjectBytes };
  throw new S3Error({ code: "EntityTooLarge", status, message, fields });
}
