/**
 * What is known of objects beyond what their headers say, by bucket, key and the backend's ETag: an overwritten object has another
 * ETag, so nothing in here goes stale.
 */
import type { ObjectFacts } from "@s3eg/shared/contracts/crypto.ts";

/** An object exactly as it is or was: its ETag is the backend's, with its quotes. */
export interface PinnedObject {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string | undefined;
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

/**
 * An index in the memory of one process, bounded: entries live in two generations of half the room each. When the young one is full
 * it becomes the old one, and what was not used since it became old is forgotten. So keeping order costs nothing per entry.
 */
export class MemoryFactsIndex implements FactsIndex {
  readonly #generationBytes: number;
  #young = new Map<string, ObjectFacts>();
  #old = new Map<string, ObjectFacts>();
  #youngBytes = 0;

  constructor({ capacityBytes = DEFAULT_CAPACITY_BYTES }: { capacityBytes?: number } = {}) {
    this.#generationBytes = capacityBytes / 2;
  }

  async get(objects: readonly PinnedObject[]): Promise<(ObjectFacts | undefined)[]> {
    return objects.map((object) => {
      const name = nameOf(object);
      const young = this.#young.get(name);
      if (young) return young;
      const old = this.#old.get(name);
      if (old) this.#keep(name, old);
      return old;
    });
  }

  async set(object: PinnedObject, facts: ObjectFacts): Promise<void> {
    this.#keep(nameOf(object), facts);
  }

  #keep(name: string, facts: ObjectFacts): void {
    const bytes = ENTRY_BYTES + 2 * name.length;
    if (this.#young.has(name)) this.#youngBytes -= bytes;
    else if (this.#youngBytes + bytes > this.#generationBytes) this.#age();
    this.#young.set(name, facts);
    this.#youngBytes += bytes;
  }

  #age(): void {
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngBytes = 0;
  }
}

// The length in front keeps keys that look like the end of another name apart.
function nameOf({ bucket, key, etag }: PinnedObject): string {
  return `${bucket}/${key.length}/${key}${etag}`;
}
