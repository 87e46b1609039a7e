/**
 * Companion manifests as edge meets them (format.md §7): objects of the gateway's own that no client sees or names, and that go where
 * their object goes.
 */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { versionQuery } from "@s3eg/shared/backend/version-query.ts";
import {
  companionKeyOf,
  companionOwnerOf,
  mayHaveCompanion,
} from "@s3eg/shared/format/companion.ts";
import { decodeHeader } from "@s3eg/shared/format/header.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import type { Rooms } from "./operations/operation.ts";
import { s3Error } from "./s3/errors.ts";
import { identityOf, type S3Request } from "./s3-request.ts";

type Asking = Pick<S3Request, "id" | "bucket" | "principal" | "signal">;

/** True for a key that is the gateway's own. */
export function isCompanionName(key: string): boolean {
  return companionOwnerOf(key) !== undefined;
}

/** Refuses a request that names a companion (`InvalidArgument`). */
export function refuseCompanionName(key: string): void {
  if (!isCompanionName(key)) return;
  throw s3Error("InvalidArgument", {
    message: "Keys that end in .<16 hex digits>.mpu-manifest are the gateway's own.",
  });
}

/** An object, or one of its versions. */
export interface CompanionOwner {
  readonly key: string;
  readonly versionId?: string | undefined;
}

/**
 * The companion of an object in the request's bucket that is about to be deleted; undefined where there is none. Asked only where
 * every upload in parts has one; elsewhere those of objects with all ten thousand parts are left to `s3eg orphans`.
 */
export async function companionToDelete(
  request: Asking,
  { backend, needsEqualParts = false }: Pick<Rooms, "backend" | "needsEqualParts">,
  { key, versionId }: CompanionOwner,
): Promise<string | undefined> {
  if (!needsEqualParts) return undefined;
  const response = await backend.send({
    method: "HEAD",
    bucket: request.bucket,
    key,
    ...identityOf(request),
    query: versionQuery(versionId),
    headers: {},
    requestId: request.id,
    signal: request.signal,
  });
  await response.text();
  return response.status === 200 ? companionOfAnswer(key, response.headers) : undefined;
}

/** Deletes companions after their objects. What fails is left to `s3eg orphans`: the objects are gone already. */
export async function deleteCompanions(
  request: Asking,
  { backend }: Pick<Rooms, "backend">,
  keys: readonly string[],
): Promise<void> {
  for (const key of keys) {
    const target = { bucket: request.bucket, key, ...identityOf(request) };
    try {
      const response = await backend.send({ method: "DELETE", ...target, requestId: request.id });
      await response.text();
    } catch {
      // See above.
    }
  }
}

/** Copies the companion of an object for a copy of it whose header was issued anew. */
export async function copyCompanion(
  request: Asking,
  { backend }: Pick<Rooms, "backend">,
  { from, to, headers }: { from: string; to: string; headers: HeaderFields },
): Promise<void> {
  const response = await backend.send({
    method: "PUT",
    bucket: request.bucket,
    key: to,
    ...identityOf(request),
    headers: { ...headers, "x-amz-copy-source": from },
    requestId: request.id,
    signal: request.signal,
  });
  if (response.status !== 200) throw await backendFault(response);
  await response.text();
}

/** The companion that an object has, or may have, as the backend's answer about it shows. */
function companionOfAnswer(key: string, headers: HeaderFields): string | undefined {
  const header = headers[HEADER_FIELD];
  if (header === undefined) return undefined;
  const { flags, plaintextSize } = decodeHeader(header);
  const isInParts = plaintextSize === undefined;
  return isInParts && mayHaveCompanion(headers.etag ?? "", flags)
    ? companionKeyOf(key, header)
    : undefined;
}
