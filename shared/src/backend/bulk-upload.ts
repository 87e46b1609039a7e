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
/** Servers may ignore the expectation: then the body goes unasked (RFC 9110 §10.1.1). */
const CONTINUE_MS = 1000;

/**
 * One request on its way: head, then exactly `sizeBytes` bytes of `body`. With `awaitsContinue` the head has gone out with
 * `Expect: 100-continue`, and the source is not touched before `goOn`.
 */
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
  readonly #continued = Promise.withResolvers<void>();
  readonly #awaitsContinue: boolean;

  constructor(
    socket: Socket,
    head: Buffer,
    upload: { body: Body; sizeBytes: number; awaitsContinue?: boolean },
  ) {
    this.#socket = socket;
    this.#body = upload.body;
    this.#sizeBytes = upload.sizeBytes;
    this.#batch = [head];
    this.#batchBytes = head.length;
    // Nobody is asked for a body of no bytes, whose head waits for its end.
    this.#awaitsContinue = upload.awaitsContinue === true && upload.sizeBytes > 0;
  }

  /** Resolves when the last byte was handed to the socket. Rejects with the error of the body, of `stop`, or on a wrong size. */
  async run(): Promise<void> {
    if (this.#awaitsContinue) await this.#untilContinued();
    this.#refuseIfStopped();
    this.#linger = setTimeout(() => this.#writeLingering(), LINGER_MS);
    try {
      await this.#body.pump((piece) => this.#take(piece));
      this.#refuseIfStopped();
      if (this.#receivedBytes !== this.#sizeBytes) throw this.#wrongSize("fewer");
      this.#write();
    } finally {
      clearTimeout(this.#linger);
      this.#linger = undefined;
    }
  }

  /** The backend has asked for the body. */
  goOn(): void {
    this.#continued.resolve();
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
    this.goOn();
  }

  async #untilContinued(): Promise<void> {
    this.#write();
    const timer = setTimeout(() => this.goOn(), CONTINUE_MS);
    await this.#continued.promise;
    clearTimeout(timer);
  }

  #refuseIfStopped(): void {
    if (this.#stopped) throw this.#stopped.reason;
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
