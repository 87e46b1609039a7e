/** What a copy of an object onto itself leaves of the version it was made of: not every backend makes a new version of it. */
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { headSource } from "../copy/copied-source.ts";
import type { Rooms } from "../operations/operation.ts";
import { placeOf, type S3Request } from "../s3-request.ts";

/**
 * True if the version still lies there under the header that it had before the copy. Otherwise it is gone, or it is the copy: versitygw
 * changes the metadata of the newest version in its place, and who deleted that would delete the object. Throws what the backend refuses with.
 */
export async function isLeftBehind(
  request: S3Request,
  rooms: Pick<Rooms, "backend">,
  { versionId, header }: { versionId: string; header: string | undefined },
): Promise<boolean> {
  const { bucket, key } = request;
  const version = { bucket, key, place: placeOf(request), versionId };
  const found = await headSource(request, version, { rooms, conditions: {} });
  if (found.status === 404 || found.status === 405) return false;
  if (found.status !== 200) throw await backendFault(found);
  await found.text();
  return found.headers[HEADER_FIELD] === header;
}
