/**
 * True sizes for listings (ARCHITECTURE.md, "ETags and listings"). In a bucket that holds only sealed objects they are arithmetic;
 * elsewhere they come from an index keyed by the backend's ETag, filled by bounded HEADs on a miss: never stale, never a ciphertext size.
 */
import type { Backend, HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { versionQuery } from "@s3eg/shared/backend/version-query.ts";
import { isFault } from "@s3eg/shared/faults.ts";
import { mayHaveCompanion } from "@s3eg/shared/format/companion.ts";
import { listedPlaintextSizeOf, partCountOfEtag } from "@s3eg/shared/format/sizes.ts";
import { isLegacyCompanion } from "@s3eg/shared/legacy/legacy-manifest.ts";
import type { ListingMetrics } from "./listing-metrics.ts";
import type { KnownObjects } from "./object-facts.ts";
import { plaintextSizeOfAnswer } from "./plaintext-size.ts";
import { identityOf, type S3Request } from "./s3-request.ts";

/** An object as a backend's listing shows it. */
export interface ListedObject {
  readonly key: string;
  readonly storedSize: number;
  readonly etag: string;
  /** Where the listing is of versions. */
  readonly versionId?: string | undefined;
}

/** Plaintext size; undefined where there is none to give. A manifest of format 1 is the gateway's own, and not shown (format-1.md §8). */
type ListedSize = number | "companion" | undefined;

/** Gives the size of each listed object, in order. */
export interface ListingSizes {
  of(listed: readonly ListedObject[], request: S3Request): Promise<ListedSize[]>;
}

const LOOKUPS_AT_ONCE = 10;
const INDEX_ENTRIES = 100_000;

/** What looking up needs. */
interface SizeRooms {
  readonly backend: Backend;
  readonly known: KnownObjects;
  readonly needsEqualParts?: boolean;
  /** Absent where nobody counts. */
  readonly measured?: ListingMetrics;
}

/** Sizes by arithmetic or by look-up, as the bucket's policy needs it. */
export function listingSizesOf(rooms: SizeRooms): ListingSizes {
  const index = new SizeIndex(INDEX_ENTRIES);
  return {
    async of(listed, request) {
      if (request.policy.contents === "sealed") {
        return await sealedSizes(rooms, listed, request);
      }
      const sizes: ListedSize[] = Array.from({ length: listed.length });
      const entries = listed.entries();
      let hasFailed = false;
      const worker = async () => {
        for (const [at, object] of entries) {
          if (hasFailed) return;
          sizes[at] = await lookUp(rooms, { request, object, index });
        }
      };
      const workers = Array.from({ length: LOOKUPS_AT_ONCE }, async () => {
        await worker().catch((error: unknown) => {
          hasFailed = true;
          throw error;
        });
      });
      await Promise.all(workers);
      return sizes;
    },
  };
}

/** Arithmetic, but where the manifest is, or may be, beside the object: then the index or crypto knows (format.md §7). */
async function sealedSizes(
  { known, needsEqualParts = false }: SizeRooms,
  listed: readonly ListedObject[],
  request: S3Request,
): Promise<(number | undefined)[]> {
  const isUntold = ({ etag }: ListedObject) =>
    mayHaveCompanion(etag) || (needsEqualParts && partCountOfEtag(etag) !== undefined);
  const untold = listed.filter(isUntold).map(({ key, etag, versionId }) => ({
    bucket: request.bucket,
    key,
    versionId,
    etag,
  }));
  const told = (untold.length > 0 ? await known.ofMany(request, untold) : []).values();
  return listed.map((object) =>
    isUntold(object)
      ? told.next().value?.size
      : listedPlaintextSizeOf(object.storedSize, object.etag),
  );
}

async function lookUp(
  { backend, known, measured }: SizeRooms,
  { request, object, index }: { request: S3Request; object: ListedObject; index: SizeIndex },
): Promise<ListedSize> {
  const indexKey = JSON.stringify([request.bucket, object.key, object.etag]);
  const found = index.get(indexKey);
  measured?.lookedUp(request.bucket, found !== undefined);
  if (found !== undefined) return found;
  const response = await backend.send({
    method: "HEAD",
    bucket: request.bucket,
    key: object.key,
    query: versionQuery(object.versionId),
    headers: { "if-match": object.etag },
    ...identityOf(request),
    requestId: request.id,
    signal: request.signal,
  });
  if (response.status !== 200) {
    const fault = await backendFault(response);
    const isGone = fault.code === "backend.refused";
    measured?.asked(request.bucket, isGone ? "gone" : "failed");
    // Gone or overwritten since the listing was made: no size is truer than another, but one of ciphertext is never shown.
    if (isGone) return listedPlaintextSizeOf(object.storedSize, object.etag);
    throw fault;
  }
  await response.text();
  measured?.asked(request.bucket, "success");
  const size = isLegacyCompanion(object.key, response.headers)
    ? "companion"
    : (sizeOf(response.headers, object) ?? (await toldSize(known, request, object)));
  if (size !== undefined) index.set(indexKey, size);
  return size;
}

/** Of an object of format 1 that does not say its size. */
async function toldSize(
  known: KnownObjects,
  request: S3Request,
  { key, etag, versionId }: ListedObject,
): Promise<number | undefined> {
  const [facts] = await known.ofMany(request, [{ bucket: request.bucket, key, versionId, etag }]);
  return facts?.size;
}

/** An object that is damaged must not hide the others: reading it will say what is wrong. */
function sizeOf(headers: HeaderFields, { storedSize, etag }: ListedObject): number | undefined {
  try {
    return plaintextSizeOfAnswer(headers, "mixed");
  } catch (error) {
    if (isFault(error, "crypto.integrity")) return listedPlaintextSizeOf(storedSize, etag);
    throw error;
  }
}

/** A bounded map that forgets what was set first. */
class SizeIndex {
  readonly #capacity: number;
  readonly #sizes = new Map<string, number | "companion">();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(key: string): ListedSize {
    return this.#sizes.get(key);
  }

  set(key: string, size: number | "companion"): void {
    if (this.#sizes.size >= this.#capacity) {
      const [oldest] = this.#sizes.keys();
      if (oldest !== undefined) this.#sizes.delete(oldest);
    }
    this.#sizes.set(key, size);
  }
}
