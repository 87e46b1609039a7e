/** The pump between bodies and node streams: the bulk path, hand-written because a generic pipeline costs a promise per piece. */
import { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { Fault } from "../faults.ts";
import type { Body, Take } from "./body.ts";

/** How a stream is watched while it is pumped. */
export interface ReadableOptions {
  /** No piece for this long while the taker waits for one ends the body. Absent: no limit. */
  readonly idleMs?: number;
  /** Fewer bytes a second than this, over each `idleMs` that the taker did not hold them up, end the body likewise. Absent or 0: any. */
  readonly minBytesPerSecond?: number;
  /** What the body then rejects with. Default: Fault `client.stalled`. */
  readonly onIdle?: () => Error;
  /** What it rejects with when the stream closes before its end. Default: Fault `client.gone`. */
  readonly goneFault?: (cause: unknown) => Error;
}

/**
 * The bytes of a node stream. A stream that fails is destroyed, except a request that a server received: that one is only
 * paused, because its socket is needed for the answer, and whoever answers closes the connection (`drop-rest.ts`).
 */
export function bodyOfReadable(
  stream: IncomingMessage | Readable,
  options: ReadableOptions = {},
): Body {
  return new ReadableBody(stream, options);
}

class ReadableBody implements Body {
  readonly #stream: IncomingMessage | Readable;
  readonly #options: ReadableOptions;
  readonly #ended = Promise.withResolvers<void>();
  #take: Take | undefined;
  #timer: NodeJS.Timeout | undefined;
  #pace = { bytes: 0, sinceMs: 0 };
  #isHeld = false;
  #hasEnded = false;
  #isOver = false;

  constructor(stream: IncomingMessage | Readable, options: ReadableOptions) {
    this.#stream = stream;
    this.#options = options;
    // Between now and the pump the stream may fail: the pump will say so, nobody else has to.
    this.#ended.promise.catch(() => undefined);
    stream.on("error", this.#onError).on("close", this.#onClose);
  }

  pump(take: Take): Promise<void> {
    if (this.#isOver) return this.#ended.promise;
    if (this.#stream.destroyed) this.#fail(this.#gone(this.#stream.errored ?? undefined));
    else this.#start(take);
    return this.#ended.promise;
  }

  destroy(reason: unknown = new Error("body destroyed")): void {
    this.#fail(reason);
  }

  #start(take: Take): void {
    this.#take = take;
    this.#pace.sinceMs = performance.now();
    const { idleMs } = this.#options;
    if (idleMs !== undefined) this.#timer = setTimeout(this.#onTimer, idleMs);
    this.#stream.on("end", this.#onEnd).on("data", this.#onData);
    this.#stream.resume();
  }

  readonly #onData = (piece: Buffer): void => {
    this.#timer?.refresh();
    if (this.#isTooSlow(piece.byteLength)) {
      this.#onTimer();
      return;
    }
    try {
      const taken = this.#take?.(piece);
      if (taken) this.#hold(taken);
    } catch (error) {
      this.#fail(error);
    }
  };

  /** True once a whole `idleMs` of waiting has brought too little. */
  #isTooSlow(bytes: number): boolean {
    const { idleMs, minBytesPerSecond } = this.#options;
    if (!(idleMs && minBytesPerSecond)) return false;
    this.#pace.bytes += bytes;
    const elapsedMs = performance.now() - this.#pace.sinceMs;
    if (elapsedMs < idleMs) return false;
    const isSlow = this.#pace.bytes < (minBytesPerSecond * elapsedMs) / 1000;
    this.#pace = { bytes: 0, sinceMs: performance.now() };
    return isSlow;
  }

  #hold(taken: Promise<void>): void {
    this.#isHeld = true;
    const heldSinceMs = performance.now();
    this.#stream.pause();
    taken.then(
      () => {
        // The source is not slow because its taker is.
        this.#pace.sinceMs += performance.now() - heldSinceMs;
        this.#release();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  #release(): void {
    this.#isHeld = false;
    if (this.#isOver) return;
    if (this.#hasEnded) this.#onEnd();
    else {
      this.#timer?.refresh();
      this.#stream.resume();
    }
  }

  readonly #onEnd = (): void => {
    this.#hasEnded = true;
    if (this.#isHeld) return;
    if (this.#stream instanceof IncomingMessage && !this.#stream.complete) {
      this.#fail(this.#gone(undefined));
    } else if (!this.#isOver) {
      this.#finish();
      this.#ended.resolve();
    }
  };

  readonly #onError = (cause: unknown): void => this.#fail(this.#gone(cause));

  readonly #onClose = (): void => {
    this.#stream.off("error", this.#onError).off("close", this.#onClose);
    if (!this.#hasEnded) this.#fail(this.#gone(this.#stream.errored ?? undefined));
  };

  readonly #onTimer = (): void => {
    if (this.#isHeld) this.#timer?.refresh();
    else this.#fail(this.#options.onIdle?.() ?? new Fault("client.stalled", "body stalled"));
  };

  #gone(cause: unknown): Error {
    if (this.#options.goneFault) return this.#options.goneFault(cause);
    return new Fault("client.gone", "connection closed before the body ended", { cause });
  }

  #fail(reason: unknown): void {
    if (this.#isOver) return;
    this.#finish();
    if (isServerRequest(this.#stream)) this.#stream.pause();
    else this.#stream.destroy();
    this.#ended.reject(reason);
  }

  /** `error` and `close` stay heard until the stream is closed: a late error must not become an uncaught one. */
  #finish(): void {
    this.#isOver = true;
    this.#take = undefined;
    clearTimeout(this.#timer);
    this.#stream.off("data", this.#onData).off("end", this.#onEnd);
  }
}

/** A message that a client received has a status. */
function isServerRequest(stream: Readable): boolean {
  return stream instanceof IncomingMessage && !stream.statusCode;
}
