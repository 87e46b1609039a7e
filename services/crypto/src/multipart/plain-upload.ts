/**
 * Uploads whose parts are stored as they are, because the bucket's policy says so when they begin (`encrypt_multipart_uploads: false`).
 * No integrity is claimed for what they make (format.md §12).
 */
import { createHash, randomBytes } from "node:crypto";
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import type { PartAttempt, UploadRecord } from "../multipart-state/multipart-state.ts";
import { type BackendPart, type Completing, completeOnBackend } from "./backend-complete.ts";
import { completedHeaders, mayHaveEnded } from "./completed-object.ts";
import { customerKeyOf, refusal, type UploadRooms } from "./uploads.ts";

const ETAG_BYTES = 16;

/** Refuses bytes that may not be stored unsealed, in an upload that would store them so (`AccessDenied`). */
export function checkMayStore({ isSealed }: UploadRecord, mustSeal: boolean | undefined): void {
  if (isSealed || !mustSeal) return;
  const why = "The copy source must stay encrypted, and this upload stores its parts unencrypted.";
  throw refusal(403, "AccessDenied", why);
}

/** The tag of an attempt at a part that is not sealed: equal bytes have equal tags on the backend, and every attempt needs its own. */
export function ownEtag(): string {
  return `"${randomBytes(ETAG_BYTES).toString("hex")}"`;
}

/** Has the backend make the object. One that was made before, by a Complete whose answer was lost, is known by ETag and size. */
export async function completePlain(
  rooms: UploadRooms,
  completing: Completing,
  parts: readonly PartAttempt[],
): Promise<{ etag: string; headers: HeaderFields; plainEtag: string }> {
  const stored = parts.map(({ partNumber, etag, backendEtag = etag }) => ({
    partNumber,
    etag: backendEtag,
  }));
  const result = await completeOnBackend(rooms, completing, stored).catch(
    async (error: unknown) => {
      const made = mayHaveEnded(error) ? await madeBefore(rooms, completing, parts) : undefined;
      if (made?.etag !== expectedEtag(stored)) throw error;
      return made;
    },
  );
  // What clients are shown of an object that is not sealed, whatever the policy of ETags.
  return { ...result, plainEtag: unquoted(result.etag) };
}

async function madeBefore(
  { backend }: UploadRooms,
  { head, upload, requestId }: Completing,
  parts: readonly PartAttempt[],
): Promise<{ etag: string; headers: HeaderFields } | undefined> {
  const headers = customerKeyOf(upload.policy);
  const response = await backend.send({ method: "HEAD", ...head.target, headers, requestId });
  if (response.status !== 200 && response.status !== 404) throw await backendFault(response);
  await response.text();
  const { etag, [HEADER_FIELD]: header, "content-length": length } = response.headers;
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  if (response.status === 404 || etag === undefined) return undefined;
  if (header !== undefined || length !== String(size)) return undefined;
  return { etag, headers: completedHeaders(response.headers) };
}

/** The MD5 of the parts' MD5s and their number (S3 API, "Checking object integrity"); of backends whose tags are none, something nothing has. */
function expectedEtag(parts: readonly BackendPart[]): string {
  const md5s = parts.map(({ etag }) => Buffer.from(unquoted(etag), "hex"));
  const md5 = createHash("md5").update(Buffer.concat(md5s)).digest("hex");
  return `"${md5}-${parts.length}"`;
}

function unquoted(etag: string): string {
  return etag.replaceAll('"', "");
}
