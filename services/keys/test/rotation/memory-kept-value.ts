/** A broker in memory: what several replicas keep together, cut off or changed by whoever controls it. */
import type { Kept, KeptValue } from "@s3eg/shared/bus/kept-value.ts";
import { Fault } from "@s3eg/shared/faults.ts";

/** The value; each replica is given the same one. */
export class MemoryKeptValue implements KeptValue {
  readonly #listeners = new Set<() => void>();
  #kept: Kept | undefined;
  #revision = 0;
  isAway = false;
  writes = 0;

  async read(): Promise<Kept | undefined> {
    await this.#reached();
    return this.#kept;
  }

  async write(bytes: Uint8Array, over: Kept | undefined): Promise<Kept> {
    await this.#reached();
    if (over?.revision !== this.#kept?.revision) {
      throw new Fault("backend.changed", "somebody else wrote meanwhile");
    }
    this.writes += 1;
    const kept = { bytes, revision: this.#revision + 1 };
    this.force(bytes);
    return kept;
  }

  watch(listener: () => void): AsyncDisposable {
    this.#listeners.add(listener);
    return {
      [Symbol.asyncDispose]: async () => {
        this.#listeners.delete(listener);
      },
    };
  }

  /** Puts anything there, or takes away what is. */
  force(bytes: Uint8Array | undefined): void {
    this.#revision += 1;
    this.#kept = bytes && { bytes, revision: this.#revision };
    for (const listener of this.#listeners) listener();
  }

  async #reached(): Promise<void> {
    await Promise.resolve();
    if (this.isAway) throw new Fault("bus.unavailable", "JetStream is away");
  }
}
