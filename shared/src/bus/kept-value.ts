/** One value that processes keep together: read whole, and replaced only by who has seen what it replaces. */

/** The value as it was read. */
export interface Kept {
  readonly bytes: Uint8Array;
  /** Of the carrier: which write it was. No statement about its content. */
  readonly revision: number;
}

/** Where the value lies. It believes nobody: whoever reaches the carrier may have put there what is read. */
export interface KeptValue {
  /** The value now; undefined where there is none. `bus.unavailable` where it can't be read. */
  read(): Promise<Kept | undefined>;
  /**
   * Replaces what was read, or what was not there. `backend.changed` if somebody else has replaced it since; `bus.unavailable` where it
   * is not known whether it was written.
   */
  write(bytes: Uint8Array, over: Kept | undefined): Promise<Kept>;
  /** Calls `listener` whenever somebody may have written, as far as the carrier tells: who must know also asks now and then. */
  watch(listener: () => void): AsyncDisposable;
}
