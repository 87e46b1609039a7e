/**
 * What is known of objects beyond what their headers say, by bucket, key and the backend's ETag: an overwritten object has another
 * ETag, so nothing in here goes stale.
 */
import type { ObjectFacts } from "@s3eg/shared/contracts/crypto.ts";

/** An object exactly as it is or was: its ETag is the backend's, with its quotes. */
export interface PinnedObject {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
  readonly etag: string;
}

/** Remembers facts of objects. It may forget whatever it likes. */
export interface FactsIndex {
  /** What is known of each object, in order. */
  get(objects: readonly PinnedObject[]): Promise<(ObjectFacts | undefined)[]>;
  set(object: PinnedObject, facts: ObjectFacts): Promise<void>;
}

/** About what an entry takes besides its name, in bytes. */
const ENTRY_BYTES = 300;
const DEFAULT_CAPACITY_BYTES = 48 * 1024 * 1024;

/** An index in the memory of one process, bounded: what was not used for longest is forgotten first. */
export class MemoryFactsIndex implements FactsIndex {
  readonly #capacityBytes: number;
  readonly #entries = new Map<string, ObjectFacts>();
  #bytes = 0;

  constructor({ capacityBytes = DEFAULT_CAPACITY_BYTES }: { capacityBytes?: number } = {}) {
    this.#capacityBytes = capacityBytes;
  }

  async get(objects: readonly PinnedObject[]): Promise<(ObjectFacts | undefined)[]> {
    return objects.map((object) => {
      const name = nameOf(object);
      const facts = this.#entries.get(name);
      if (!facts) return undefined;
      this.#entries.delete(name);
      this.#entries.set(name, facts);
      return facts;
    });
  }

  async set(object: PinnedObject, facts: ObjectFacts): Promise<void> {
    const name = nameOf(object);
    this.#forget(name);
    this.#entries.set(name, facts);
    this.#bytes += bytesOf(name);
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#capacityBytes) return;
      this.#forget(oldest);
    }
  }

  #forget(name: string): void {
    if (this.#entries.delete(name)) this.#bytes -= bytesOf(name);
  }
}

// The length in front keeps keys that look like the end of another name apart.
function nameOf({ bucket, key, etag }: PinnedObject): string {
  return `${bucket}/${key.length}/${key}${etag}`;
}

function bytesOf(name: string): number {
  return ENTRY_BYTES + 2 * name.length;
}
