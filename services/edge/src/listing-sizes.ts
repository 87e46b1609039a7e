/**
 * True sizes for listings (ARCHITECTURE.md, "ETags and listings"). In a bucket that holds only sealed objects they are arithmetic;
 * elsewhere they come from an index keyed by the backend's ETag, filled by bounded HEADs on a miss: never stale, never a ciphertext size.
 */
import type { Backend } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { isFault } from "@s3eg/shared/faults.ts";
import { plaintextSizeOf } from "@s3eg/shared/format/sizes.ts";
import { plaintextSizeOfAnswer } from "./plaintext-size.ts";
import { identityOf, type S3Request } from "./s3-request.ts";

/** An object as a backend's listing shows it. */
export interface ListedObject {
  readonly key: string;
  readonly storedSize: number;
  readonly etag: string;
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
        return listed.map(({ storedSize }) => plaintextSizeOf(storedSize));
      }
      const sizes: (number | undefined)[] = Array.from({ length: listed.length });
      const entries = listed.entries();
      const worker = async () => {
        for (const [at, object] of entries) {
          sizes[at] = await lookUp(backend, { request, object, index });
        }
      };
      await Promise.all(Array.from({ length: LOOKUPS_AT_ONCE }, worker));
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
    headers: { "if-match": object.etag },
    ...identityOf(request),
    requestId: request.id,
    signal: request.signal,
  });
  if (response.status !== 200) {
    const fault = await backendFault(response);
    // Gone or overwritten since the listing was made: no size is truer than another.
    if (isFault(fault, "backend.refused")) return undefined;
    throw fault;
  }
  const size = plaintextSizeOfAnswer(response.headers, request.policy.contents);
  index.set(indexKey, size);
  return size;
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
