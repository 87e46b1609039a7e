/** Everything that is left of uploads in parts, as the command line asks for it: one list, and each entry can be removed. */
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { isFault } from "@s3eg/shared/faults.ts";
import { parseXml } from "@s3eg/shared/s3/xml.ts";
import { abortOrphan, orphanUploads } from "./backend-orphans.ts";
import { endedUploads, endUpload, type GarbageRooms } from "./garbage.ts";
import { deleteCompanion, orphanCompanions } from "./orphan-companions.ts";

/** Something that is left. */
export interface Orphan {
  /** `state`: of an upload that the backend has ended; `upload`: that only the backend knows; `companion`: a manifest without its object. */
  readonly kind: "state" | "upload" | "companion";
  readonly bucket: string;
  readonly key: string;
  readonly uploadId?: string;
  /** When it was made; absent where the state does not say. */
  readonly sinceMs?: number;
  remove(): Promise<void>;
}

/** Where to look. */
export interface OrphanSearch {
  /** Empty: all that the backend lists. */
  readonly buckets: readonly string[];
  /** Age of what only the backend knows. */
  readonly olderThanMs: number;
}

/** A connection to a store comes up within this. */
const ATTEMPTS = 40;
const PAUSE_MS = 50;

/** Finds what is left. Without the state every upload would look like an orphan: `state.unavailable` where it can't be reached. */
export async function* allOrphans(
  rooms: GarbageRooms,
  { buckets, olderThanMs }: OrphanSearch,
): AsyncGenerator<Orphan> {
  await untilReachable(rooms);
  for await (const upload of endedUploads(rooms)) {
    const { bucket, key, uploadId } = upload;
    const remove = async () => void (await endUpload(rooms, upload));
    yield { kind: "state", bucket, key, uploadId, remove };
  }
  for (const bucket of buckets.length > 0 ? buckets : await allBuckets(rooms)) {
    for await (const orphan of orphanUploads(rooms, bucket, { olderThanMs })) {
      const { key, uploadId, initiatedAtMs: sinceMs } = orphan;
      const remove = () => abortOrphan(rooms, orphan);
      yield { kind: "upload", bucket, key, uploadId, sinceMs, remove };
    }
    for await (const orphan of orphanCompanions(rooms, bucket, { olderThanMs })) {
      const { key, modifiedAtMs: sinceMs } = orphan;
      yield {
        kind: "companion",
        bucket,
        key,
        sinceMs,
        remove: () => deleteCompanion(rooms, orphan),
      };
    }
  }
}

async function untilReachable({ state }: GarbageRooms): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await state.check();
      return;
    } catch (error) {
      if (attempt === ATTEMPTS || !isFault(error, "state.unavailable")) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

async function allBuckets({ backend }: GarbageRooms): Promise<string[]> {
  const response = await backend.send({ method: "GET", requestId: "orphans" });
  if (response.status !== 200) throw await backendFault(response);
  const buckets = parseXml(await response.text()).child("Buckets");
  return (buckets?.all("Bucket") ?? []).map((bucket) => bucket.textOf("Name") ?? "");
}
