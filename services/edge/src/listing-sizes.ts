/**
 * True sizes for listings (ARCHITECTURE.md, "ETags and listings"). In a bucket that holds only sealed objects they are arithmetic;
 * elsewhere they come from an index keyed by the backend's ETag, filled by bounded HEADs on a miss: never stale, never a ciphertext size.
 */
import type { Backend, HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { isFault } from "@s3eg/shared/faults.ts";
import { listedPlaintextSizeOf } from "@s3eg/shared/format/sizes.ts";
import { plaintextSizeOfAnswer } from "./plaintext-size.ts";
import { identityOf, type S3Request } from "./s3-request.ts";

/** An object as a backend's listing shows it. */
export interface ListedObject {
  readonly key: string;
  readonly storedSize: number;
  readonly etag: string;
  /** Where the listing is of versions. */
  readonly versionId?: string;
}

/** Gives the plaintext size of each listed object, in order; undefined where there is none to give. */
export interface ListingSizes {
  of(listed: readonly ListedObject[], request: S3Request): Promise<(number | undefined)[]>;
}

const LOOKUPS_AT_ONCE = 10;
const INDEX_ENTRIES = 100_000;

/** Sizes by arithmetic or by look-up, as the bucket's policy needs it. */
export function listingSizesOf(backend: Backend): ListingSizes {
  const index = new SizeIndex(INDEX_ENTRIES);
  return {
    async of(listed, request) {
      if (request.policy.contents === "sealed") {
        return listed.map(({ storedSize, etag }) => listedPlaintextSizeOf(storedSize, etag));
      }
      const sizes: (number | undefined)[] = Array.from({ length: listed.length });
      const entries = listed.entries();
      let hasFailed = false;
      const worker = async () => {
        for (const [at, object] of entries) {
          if (hasFailed) return;
          sizes[at] = await lookUp(backend, { request, object, index });
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

async function lookUp(
  backend: Backend,
  { request, object, index }: { request: S3Request; object: ListedObject; index: SizeIndex },
): Promise<number | undefined> {
  const indexKey = JSON.stringify([request.bucket, object.key, object.etag]);
  const known = index.get(indexKey);
  if (known !== undefined) return known;
  const response = await backend.send({
    method: "HEAD",
    bucket: request.bucket,
    key: object.key,
    query: object.versionId === undefined ? [] : [["versionId", object.versionId]],
    headers: { "if-match": object.etag },
    ...identityOf(request),
    requestId: request.id,
    signal: request.signal,
  });
  if (response.status !== 200) {
    const fault = await backendFault(response);
    // Gone or overwritten since the listing was made: no size is truer than another, but one of ciphertext is never shown.
    if (fault.code === "backend.refused")
      return listedPlaintextSizeOf(object.storedSize, object.etag);
    throw fault;
  }
  await response.text();
  const size = sizeOf(response.headers, object);
  if (size !== undefined) index.set(indexKey, size);
  return size;
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
  readonly #sizes = new Map<string, number>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(key: string): number | undefined {
    return this.#sizes.get(key);
  }

  set(key: string, size: number): void {
    if (this.#sizes.size >= this.#capacity) {
      const [oldest] = this.#sizes.keys();
      if (oldest !== undefined) this.#sizes.delete(oldest);
    }
    this.#sizes.set(key, size);
  }
}
