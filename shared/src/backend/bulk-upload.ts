/**
 * The way of a streamed request body into a socket. Pieces are gathered and written as one batch, because a system call for each piece
 * is what makes uploads dear; the batch that would complete the declared size is kept back until the source has ended properly,
 * because the last byte is what makes the backend commit.
 */
import type { Socket } from "node:net";
import { Fault } from "../faults.ts";
import type { Body } from "../http/body.ts";
import { passedShortLived } from "../http/short-lived.ts";

const BATCH_BYTES = 256 * 1024;
/** A started batch of a slow source leaves after this long, so that the backend sees progress. */
const LINGER_MS = 20;

/** One request on its way: head, then exactly `sizeBytes` bytes of `body`. */
export class BulkUpload {
  readonly #socket: Socket;
  readonly #body: Body;
  readonly #sizeBytes: number;
  #batch: Uint8Array[];
  #batchBytes: number;
  #receivedBytes = 0;
  #written: Promise<void> | undefined;
  #stopped: { readonly reason: unknown } | undefined;
  #linger: NodeJS.Timeout | undefined;

  constructor(socket: Socket, head: Buffer, upload: { body: Body; sizeBytes: number }) {
    this.#socket = socket;
    this.#body = upload.body;
    this.#sizeBytes = upload.sizeBytes;
    this.#batch = [head];
    this.#batchBytes = head.length;
  }

  /** Resolves when the last byte was handed to the socket. Rejects with the error of the body, of `stop`, or on a wrong size. */
  async run(): Promise<void> {
    this.#linger = setTimeout(() => this.#writeLingering(), LINGER_MS);
    try {
      await this.#body.pump((piece) => this.#take(piece));
      if (this.#stopped) throw this.#stopped.reason;
      if (this.#receivedBytes !== this.#sizeBytes) throw this.#wrongSize("fewer");
      this.#write();
    } finally {
      clearTimeout(this.#linger);
      this.#linger = undefined;
    }
  }

  /** True while nothing is on its way to the backend: it is the source that lets us wait. */
  get isWaitingForSource(): boolean {
    return this.#written === undefined;
  }

  /** Makes a running `run` reject with `reason`; nothing more is written. */
  stop(reason: unknown): void {
    if (this.#stopped) return;
    this.#stopped = { reason };
    this.#batch = [];
    this.#body.destroy(reason);
  }

  #take(piece: Uint8Array): void | Promise<void> {
    if (this.#stopped) throw this.#stopped.reason;
    this.#receivedBytes += piece.byteLength;
    if (this.#receivedBytes > this.#sizeBytes) throw this.#wrongSize("more");
    if (piece.byteLength === 0) return;
    passedShortLived(piece.byteLength);
    this.#batch.push(piece);
    this.#batchBytes += piece.byteLength;
    if (this.#batchBytes < BATCH_BYTES || this.#receivedBytes === this.#sizeBytes) return;
    if (this.#written) return this.#written.then(() => this.#write());
    this.#write();
  }

  #write(): void {
    if (this.#stopped) throw this.#stopped.reason;
    const batch = this.#batch;
    this.#batch = [];
    this.#batchBytes = 0;
    if (batch.length === 0) return;
    this.#written = new Promise((resolve) => {
      const last = batch.length - 1;
      this.#socket.cork();
      for (let n = 0; n < last; n += 1) this.#socket.write(batch[n] as Uint8Array);
      // A failed write also breaks the socket, and that stops us: here it only matters that the wait is over.
      this.#socket.write(batch[last] as Uint8Array, () => {
        this.#written = undefined;
        resolve();
      });
      this.#socket.uncork();
    });
  }

  #writeLingering(): void {
    if (this.#stopped) return;
    const mayLeave = this.#receivedBytes < this.#sizeBytes && !this.#written;
    if (mayLeave) this.#write();
    this.#linger?.refresh();
  }

  #wrongSize(than: "fewer" | "more"): Fault {
    return new Fault("internal.bug", `body has ${than} bytes than were declared`, {
      details: { declaredBytes: this.#sizeBytes, receivedBytes: this.#receivedBytes },
    });
  }
}
