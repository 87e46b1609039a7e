/** The plaintext size of an object whose head was read: by arithmetic, or from crypto where an object of format 1 does not say it. */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import type { KnownObjects } from "./object-facts.ts";
import { plaintextSizeOfAnswer } from "./plaintext-size.ts";
import type { S3Request } from "./s3-request.ts";

/** Which object, and what the backend's GET or HEAD answered about it. */
export interface HeadOfObject {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string | undefined;
  readonly headers: HeaderFields;
}

/** Size in bytes. Faults as of `plaintextSizeOfAnswer` and of `KnownObjects.of`. */
export async function objectSizeOf(
  request: S3Request,
  { known }: { readonly known: KnownObjects },
  { bucket, key, versionId, headers }: HeadOfObject,
): Promise<number> {
  const size = plaintextSizeOfAnswer(headers, request.policyOf(bucket).contents);
  if (size !== undefined) return size;
  const facts = await known.of(request, { bucket, key, versionId, etag: headers.etag ?? "" });
  if (facts) return facts.size;
  throw new Fault("crypto.integrity", "object does not say its size");
}
