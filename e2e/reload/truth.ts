/** What a gateway whose files are changed must answer: what is in force, and what may be already or still. */

/** A state of its files. */
export interface State {
  /** Counts the files of credentials. */
  readonly credentials: number;
  readonly etag: "opaque" | "md5";
  /** SHA-256 of the certificate. */
  readonly fingerprint: string;
}

/** States in the order in which they were written, and which one is known to be in force. */
export class Truth {
  readonly #states: State[];
  #settled = 0;

  constructor(first: State) {
    this.#states = [first];
  }

  get settled(): State {
    return this.#at(this.#settled);
  }

  /** From now on this may be in force. */
  begin(next: Partial<State>): void {
    this.#states.push({ ...this.#at(this.#states.length - 1), ...next });
  }

  /** Now the last one is. */
  settle(): void {
    this.#settled = this.#states.length - 1;
  }

  /** Begins to watch: tells, when it is called, all states that may have been in force meanwhile. */
  watch(): () => readonly State[] {
    const from = this.#settled;
    return () => this.#states.slice(from);
  }

  #at(index: number): State {
    const state = this.#states[index];
    if (!state) throw new Error("there is always a state");
    return state;
  }
}
