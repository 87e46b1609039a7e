/** The size a client is told of an object it has not read: arithmetic on what the backend answered, unverified (format.md §8). */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import type { Contents } from "@s3eg/shared/contracts/crypto.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { decodeHeader } from "@s3eg/shared/format/header.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { listedPlaintextSizeOf } from "@s3eg/shared/format/sizes.ts";

/** Plaintext size of the object a backend's GET or HEAD answer describes. */
export function plaintextSizeOfAnswer(headers: HeaderFields, contents: Contents): number {
  const storedSize = Number(headers["content-length"] ?? Number.NaN);
  if (!Number.isSafeInteger(storedSize)) {
    throw new Fault("backend.unavailable", "backend did not say how large the object is");
  }
  const header = headers[HEADER_FIELD];
  if (header === undefined) {
    if (contents === "mixed") return storedSize;
    throw new Fault(
      "crypto.not-sealed",
      "object is not sealed; policy `contents: mixed` would let it be read",
    );
  }
  const { plaintextSize } = decodeHeader(header);
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
