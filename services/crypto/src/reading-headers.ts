/** What of a request's header fields goes along with every further read of the same object; its conditions were judged by the first. */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";

/** A client's key for the backend's own encryption, whose bucket it must be, and who pays. */
export function readingHeaders(headers: HeaderFields = {}): HeaderFields {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) =>
        name.startsWith("x-amz-server-side-encryption") ||
        name === "x-amz-expected-bucket-owner" ||
        name === "x-amz-request-payer",
    ),
  );
}
