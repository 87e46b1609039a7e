/** Large buffers to read bodies into, lent to one connection at a time and used again. */

/** One read of this size takes what the kernel has for a fast connection in one go; smaller ones cost measurably more CPU. */
const BUFFER_BYTES = 1024 * 1024;
const MAX_KEPT = 8;

/** Lends buffers. One that is not given back is simply lost to the garbage collector, which is the safe end of a broken connection. */
export class ReadBuffers {
  readonly #free: Buffer[] = [];

  lend(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
  }

  /** Only when nothing reads into the buffer and nobody looks at it any more. */
  giveBack(buffer: Buffer): void {
    if (this.#free.length < MAX_KEPT) this.#free.push(buffer);
  }
}
