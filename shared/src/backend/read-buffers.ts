/** Large buffers to read bodies into, lent to one connection at a time and used again. */

/** One read of this size takes what the kernel has for a fast connection in one go; smaller ones cost measurably more CPU. */
const BUFFER_BYTES = 1024 * 1024;
const MAX_KEPT = 8;
/** A reader that does not keep up holds the buffer that its bytes are in: only so many get a large one. */
const MAX_LENT = 16;

/** Lends buffers, a bounded number at a time. */
export class ReadBuffers {
  readonly #free: Buffer[] = [];
  readonly #onLend: ((isReused: boolean) => void) | undefined;
  #lent = 0;

  /** `onLend` is told of every buffer, for metrics: whether it was there. */
  constructor(onLend?: (isReused: boolean) => void) {
    this.#onLend = onLend;
  }

  /** Undefined while enough are lent: small ones have to do. Every buffer comes back by `giveBack` or is told of by `lost`. */
  lend(): Buffer | undefined {
    if (this.#lent === MAX_LENT) return undefined;
    this.#lent += 1;
    const kept = this.#free.pop();
    this.#onLend?.(kept !== undefined);
    return kept ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
  }

  /** Only when nothing reads into the buffer and nobody looks at it any more. */
  giveBack(buffer: Buffer): void {
    this.#lent -= 1;
    if (this.#free.length < MAX_KEPT) this.#free.push(buffer);
  }

  /** A buffer of a broken connection is left to the garbage collector: somebody may look at it yet. */
  lost(): void {
    this.#lent -= 1;
  }
}
