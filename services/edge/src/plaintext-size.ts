/** The size a client is told of an object it has not read: arithmetic on what the backend answered, unverified (format.md §8). */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import type { Contents } from "@s3eg/shared/contracts/crypto.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { mayHaveCompanion } from "@s3eg/shared/format/companion.ts";
import { decodeHeader } from "@s3eg/shared/format/header.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { listedPlaintextSizeOf } from "@s3eg/shared/format/sizes.ts";
import { legacyMetadataOf } from "@s3eg/shared/legacy/legacy-metadata.ts";
import { legacySizeOf } from "@s3eg/shared/legacy/legacy-size.ts";
import { refuseUnsealed } from "@s3eg/shared/legacy/readable.ts";

/** Plaintext size of the object a backend's GET or HEAD answer describes; undefined where an object of format 1, or one whose manifest is beside it, does not say it. */
export function plaintextSizeOfAnswer(
  headers: HeaderFields,
  contents: Contents,
): number | undefined {
  const storedSize = Number(headers["content-length"] ?? Number.NaN);
  if (!Number.isSafeInteger(storedSize)) {
    throw new Fault("backend.unavailable", "backend did not say how large the object is");
  }
  const header = headers[HEADER_FIELD];
  if (header === undefined) {
    refuseUnsealed(headers, contents);
    return legacyMetadataOf(headers) ? legacySizeOf(headers, storedSize) : storedSize;
  }
  const { plaintextSize, flags } = decodeHeader(header);
  if (plaintextSize === undefined && mayHaveCompanion(headers.etag ?? "", flags)) return undefined;
  // A header made at CreateMultipartUpload knows no size; part count and stored size do (format.md §7).
  const size = listedPlaintextSizeOf(
    storedSize,
    plaintextSize === undefined ? (headers.etag ?? "") : "",
  );
  if (size === undefined || size !== (plaintextSize ?? size)) {
    throw new Fault("crypto.integrity", "stored object does not have the size its header says");
  }
  return size;
}
