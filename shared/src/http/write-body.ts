/** The way of a body into a node stream, with back-pressure. */
import { OutgoingMessage } from "node:http";
import type { Writable } from "node:stream";
import { Fault } from "../faults.ts";
import type { Body } from "./body.ts";
import { passedShortLived } from "./short-lived.ts";

/** This much may wait in the writable: small pieces gather to one system call, and a slow reader holds the source back. */
const BATCH_BYTES = 256 * 1024;

/** How a writable is watched. */
export interface WriteBodyOptions {
  readonly signal?: AbortSignal | undefined;
  /** A writable that takes nothing for this long ends the transfer. Absent: no limit. */
  readonly idleMs?: number;
  /** What is then thrown. Default: Fault `client.stalled`. */
  readonly onIdle?: () => Error;
  /** What is thrown when the writable closes. Default: Fault `client.gone`. */
  readonly goneFault?: (cause: unknown) => Error;
}

/**
 * Pumps a body into a writable (a server's response, a client's request, any stream). Resolves when the last piece was handed to
 * the socket. Does not end the writable: the caller does, and destroys it when this rejects. Whatever goes wrong on the
 * writable's side destroys the body.
 */
export function writeBody(
  body: Body,
  writable: Writable,
  options: WriteBodyOptions = {},
): Promise<void> {
  return new BodyWriter(body, writable, options).run();
}

class BodyWriter {
  readonly #body: Body;
  readonly #writable: Writable;
  /** Below an HTTP message: corked too, because a message writes a chunk's size, bytes and end one by one. */
  readonly #socket: Writable | undefined;
  readonly #options: WriteBodyOptions;
  readonly #done = Promise.withResolvers<void>();
  #room: PromiseWithResolvers<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #unwritten = 0;
  #isCorked = false;
  #isPumped = false;
  #isOver = false;

  constructor(body: Body, writable: Writable, options: WriteBodyOptions) {
    this.#body = body;
    this.#writable = writable;
    this.#socket = (writable instanceof OutgoingMessage && writable.socket) || undefined;
    this.#options = options;
  }

  run(): Promise<void> {
    const { signal } = this.#options;
    this.#writable.on("drain", this.#onDrain).on("close", this.#onClose).on("error", this.#onError);
    signal?.addEventListener("abort", this.#onAbort);
    if (signal?.aborted) this.#onAbort();
    else if (this.#writable.destroyed) this.#onClose();
    else {
      this.#body.pump(this.#take).then(
        () => this.#onPumped(),
        (error: unknown) => this.#fail(error),
      );
    }
    return this.#done.promise;
  }

  readonly #take = (piece: Uint8Array): void | Promise<void> => {
    // A source that goes on after we gave it up gets no answer any more.
    if (this.#isOver) throw new Error("body was given up");
    passedShortLived(piece.byteLength);
    this.#cork();
    this.#unwritten++;
    this.#writable.write(piece, this.#onWritten);
    if (this.#writable.writableLength < BATCH_BYTES || !this.#writable.writableNeedDrain) return;
    this.#uncork();
    this.#room = Promise.withResolvers<void>();
    this.#watch();
    return this.#room.promise;
  };

  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.#writable.cork();
    this.#socket?.cork();
    process.nextTick(this.#uncork);
  }

  readonly #uncork = (): void => {
    if (!this.#isCorked) return;
    this.#isCorked = false;
    this.#writable.uncork();
    this.#socket?.uncork();
  };

  readonly #onWritten = (error?: Error | null): void => {
    this.#unwritten--;
    if (error) this.#onError(error);
    else if (this.#isPumped && this.#unwritten === 0) this.#succeed();
  };

  readonly #onDrain = (): void => {
    clearTimeout(this.#timer);
    this.#room?.resolve();
    this.#room = undefined;
  };

  #onPumped(): void {
    this.#isPumped = true;
    this.#uncork();
    if (this.#unwritten === 0) this.#succeed();
    else this.#watch();
  }

  #watch(): void {
    const { idleMs } = this.#options;
    if (idleMs !== undefined) this.#timer = setTimeout(this.#onTimer, idleMs);
  }

  readonly #onTimer = (): void =>
    this.#fail(this.#options.onIdle?.() ?? new Fault("client.stalled", "reader stalled"));

  readonly #onClose = (): void => this.#onError(this.#writable.errored ?? undefined);

  readonly #onError = (cause: unknown): void =>
    this.#fail(
      this.#options.goneFault?.(cause) ??
        new Fault("client.gone", "connection closed before the body was sent", { cause }),
    );

  readonly #onAbort = (): void => this.#fail(this.#options.signal?.reason);

  #succeed(): void {
    if (this.#isOver) return;
    this.#finish();
    this.#done.resolve();
  }

  #fail(reason: unknown): void {
    if (this.#isOver) return;
    this.#finish();
    this.#done.reject(reason);
    this.#body.destroy(reason);
    this.#room?.reject(reason);
  }

  #finish(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#uncork();
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    const writable = this.#writable;
    writable.off("drain", this.#onDrain).off("close", this.#onClose).off("error", this.#onError);
    // It may yet be destroyed with an error, which is known already. (`closed` does not tell whether that was emitted.)
    writable.on("error", ignore).once("close", () => writable.off("error", ignore));
  }
}

function ignore(): void {}
