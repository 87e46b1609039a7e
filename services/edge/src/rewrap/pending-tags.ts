/**
 * Tags of objects whose copy is under way. Some backends drop the tags of a copy though they are given, and they are set after it: a job
 * that ends in between finds the object under the right key, and nothing that speaks of tags. So they are kept until they are there.
 */
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { decodeHeader } from "@s3eg/shared/format/header.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { headSource } from "../copy/copied-source.ts";
import { putTags } from "../copy/copied-tags.ts";
import type { Rooms } from "../operations/operation.ts";
import type { S3Request } from "../s3-request.ts";

/** What an object is to have when its copy is made. */
export interface PendingTag {
  readonly key: string;
  /** The one that it had before. */
  readonly header: string;
  /** As `x-amz-tagging`. */
  readonly tagging: string;
}

/** Outlives the job, however that ends. */
export interface PendingTags {
  list(): readonly PendingTag[];
  /** In the place of what is there for that key; kept when it returns. */
  add(tag: PendingTag): void;
  remove(key: string): void;
}

/** A copy that is to have these tags; they are kept until it is known to have them. `tagging`: undefined where there are none. */
export async function withPendingTags(
  pending: PendingTags,
  { tagging, ...object }: Omit<PendingTag, "tagging"> & { tagging: string | undefined },
  copy: () => Promise<unknown>,
): Promise<void> {
  if (tagging === undefined) {
    await copy();
    return;
  }
  pending.add({ ...object, tagging });
  await copy();
  pending.remove(object.key);
}

/** Sets what a former run did not get to: on its copy of the object, where that is still there and has no tags at all. Throws what the backend refuses with. */
export async function finishTags(
  pending: PendingTags,
  { rooms, requestOf }: { rooms: Rooms; requestOf: (key: string) => S3Request },
): Promise<void> {
  for (const { key, header: before, tagging } of pending.list()) {
    const request = requestOf(key);
    const place = { bucket: request.bucket, key };
    const source = { ...place, place };
    const found = await headSource(request, source, { rooms, conditions: {} });
    if (![200, 404, 405].includes(found.status)) throw await backendFault(found);
    await found.text();
    const { [HEADER_FIELD]: header, "x-amz-tagging-count": count = "0" } = found.headers;
    if (found.status === 200 && isReissueOf(before, header) && count === "0") {
      await putTags(request, rooms, { tagging, versionId: undefined });
    }
    pending.remove(key);
  }
}

/** A re-issue changes the header, and leaves the number that no other object has. */
function isReissueOf(before: string, header: string | undefined): boolean {
  if (header === undefined || header === before) return false;
  return Buffer.from(decodeHeader(header).objectId).equals(decodeHeader(before).objectId);
}
