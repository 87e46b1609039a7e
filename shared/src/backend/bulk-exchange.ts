/** One request and its answer on one bulk connection: what arrived, who takes it, and in which state it leaves the connection. */
import { isFault } from "../faults.ts";
import type { Body, Take } from "../http/body.ts";
import type { BulkUpload } from "./bulk-upload.ts";
import { abortReason, lostExchange, type WireRequest, type WireResponse } from "./carrier.ts";
import { type ResponseHead, ResponseParser } from "./response-parser.ts";

/** Up to this many bytes it is cheaper to read the rest of an unwanted body than to open another connection. */
const MAX_DRAINED_BYTES = 64 * 1024;

/** What an exchange waits for: the head of the answer, the body, or what the other side may have said before it stopped reading. */
export type ExchangePhase = "answer" | "body" | "last-words";

/** The end of the connection that an exchange works with. */
export interface ExchangeChannel {
  readonly isReused: boolean;
  /** Reading goes on: what was held back has been taken. */
  resume(): void;
  /** Something else is waited for: other time limits hold. */
  enter(phase: ExchangePhase): void;
  /** The exchange has ended properly. The connection may live only if `canReuse`. */
  done(canReuse: boolean): void;
  /** The exchange has failed. */
  destroy(error: unknown): void;
}

/** State of one exchange. Fed by its connection; talks to its caller through `response` and the body in it. */
export class BulkExchange {
  readonly #channel: ExchangeChannel;
  readonly #parser: ResponseParser;
  readonly #response = Promise.withResolvers<WireResponse>();
  readonly #bodyEnd = Promise.withResolvers<void>();
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => {
    if (this.#signal) this.fail(abortReason(this.#signal));
  };
  #upload: BulkUpload | undefined;
  #isSent = false;
  #writeError: { readonly cause: unknown } | undefined;
  readonly #hasRequestBody: boolean;
  #hasAnswer = false;
  #isKeepAlive = false;
  #isClosed = false;
  #isHeld = false;
  #take: Take | undefined;
  #isOver = false;

  constructor(request: WireRequest, channel: ExchangeChannel) {
    this.#channel = channel;
    this.#parser = new ResponseParser(request.method === "HEAD");
    this.#signal = request.signal;
    this.#hasRequestBody = request.body !== undefined;
    this.#signal?.addEventListener("abort", this.#onAbort, { once: true });
    // Whoever waits for the end of the body is told through pump; a body nobody pumps must not become an unhandled rejection.
    this.#bodyEnd.promise.catch(() => {});
  }

  get response(): Promise<WireResponse> {
    return this.#response.promise;
  }

  /** True while the caller has what we read and has not given it back: nothing more may be read. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Body bytes that have yet to be read from the connection, so far as is known. */
  get missingBytes(): number {
    return this.#hasAnswer ? this.#parser.missingBytes : 0;
  }

  /** Sends the body; the answer may come at any time meanwhile. */
  send(upload: BulkUpload): void {
    this.#upload = upload;
    upload.run().then(
      () => this.sent(),
      (error: unknown) => {
        // When an answer came early or may still come, it was us who stopped the source.
        if (!(this.#hasAnswer || this.#writeError)) this.fail(error);
      },
    );
  }

  /** The last byte of the request was handed over. */
  sent(): void {
    this.#isSent = true;
    this.#channel.enter("answer");
  }

  /** Bytes from the connection; they stay untouched while `isHeld`. */
  receive(bytes: Buffer): void {
    this.#parser.push(bytes);
    if (!this.#isHeld) this.#advance();
  }

  /** The connection has ended: no more bytes will come. */
  closed(): void {
    this.#isClosed = true;
    if (!this.#isHeld) this.#advance();
  }

  /** No byte has moved for the time limit. Fails the exchange, and returns true, unless it waits for one of us who is at work. */
  stalled(): boolean {
    const waitsForTaker = this.#isHeld && this.#take !== undefined;
    const waitsForSource =
      !(this.#isSent || this.#hasAnswer || this.#writeError) &&
      this.#upload?.isWaitingForSource === true;
    if (waitsForTaker || waitsForSource) return false;
    if (this.#writeError && !this.#hasAnswer) {
      this.broke(this.#writeError.cause);
      return true;
    }
    const what = this.#isHeld
      ? "answer of the backend was not taken in time"
      : "backend made no progress for too long";
    this.fail(lostExchange("stalled", what));
    return true;
  }

  /** Ends the exchange with an error: for the caller, for the source of the request body, for the connection. */
  fail(error: unknown): void {
    if (this.#isOver) return;
    this.#end();
    this.#response.reject(error);
    this.#bodyEnd.reject(error);
    this.#upload?.stop(error);
    this.#channel.destroy(error);
  }

  /**
   * The other side reads no more. Servers that refuse a body answer, then reset the connection: the answer may have arrived
   * and not have been read yet, so the exchange goes on until the connection says that there is nothing.
   */
  writeFailed(cause: unknown): void {
    if (this.#isOver || this.#writeError) return;
    this.#writeError = { cause };
    this.#isKeepAlive = false;
    this.#upload?.stop(cause);
    if (!this.#hasAnswer) this.#channel.enter("last-words");
  }

  /** The connection broke with `why`. */
  broke(why: unknown): void {
    const isReused = this.#channel.isReused;
    const cause = this.#writeError?.cause ?? why;
    this.fail(
      this.#hasAnswer
        ? lostExchange("answer", "answer of the backend was cut short", { cause, isReused })
        : lostExchange("reset", "connection to the backend broke", { cause, isReused }),
    );
  }

  #advance(): void {
    try {
      while (!(this.#isHeld || this.#isOver)) {
        const event = this.#parser.next();
        if (event === undefined) {
          if (!this.#isClosed) return;
          this.#finishParser();
        } else if (event.kind === "interim") this.#onInterim(event.status);
        else if (event.kind === "head") this.#onHead(event.head);
        else if (event.kind === "piece") this.#onPiece(event.piece);
        else this.#onEnd();
      }
    } catch (error) {
      this.fail(error);
    }
  }

  #finishParser(): void {
    try {
      this.#parser.finish();
    } catch (error) {
      if (this.#hasAnswer || !isFault(error)) throw error;
      this.broke(error);
    }
  }

  #onInterim(status: number): void {
    if (status === 100) this.#upload?.goOn();
  }

  #onHead({ status, headers, isKeepAlive }: ResponseHead): void {
    this.#hasAnswer = true;
    // An error may have been found before the body was read. Some servers then take the body for the next request.
    const isEarly = !this.#isSent || this.#writeError !== undefined;
    const isInDoubt = isEarly || (this.#hasRequestBody && status >= 400);
    this.#isKeepAlive = isKeepAlive && !isInDoubt;
    if (isEarly) {
      const early = lostExchange("answer", "backend answered before the request was complete");
      // Nobody can have stored a body that was not sent: a success is not one.
      if (status < 300) throw early;
      this.#upload?.stop(early);
    }
    this.#channel.enter("body");
    this.#isHeld = this.#parser.leftBytes > 0;
    this.#response.resolve({
      status,
      headers,
      isReused: this.#channel.isReused,
      body: this.#body(),
    });
  }

  #body(): Body {
    return {
      pump: (take) => this.#pump((piece) => take(Buffer.from(piece))),
      pumpBorrowed: (take) => this.#pump(take),
      destroy: (reason) => this.#giveUp(reason),
    };
  }

  #pump(take: Take): Promise<void> {
    if (!(this.#isOver || this.#take)) {
      this.#take = take;
      this.#release();
    }
    return this.#bodyEnd.promise;
  }

  #giveUp(reason: unknown): void {
    if (this.#isOver) return;
    const error = reason ?? lostExchange("answer", "answer of the backend was given up");
    if (this.#take || this.#parser.leftBytes > MAX_DRAINED_BYTES) {
      this.fail(error);
      return;
    }
    // The rest is read by nobody; a pump that comes now is told why it gets nothing.
    this.#bodyEnd.reject(error);
    this.#take = () => {};
    this.#release();
  }

  #release(): void {
    this.#isHeld = false;
    this.#advance();
    if (!(this.#isHeld || this.#isOver)) this.#channel.resume();
  }

  #onPiece(piece: Buffer): void {
    const taken = this.#take?.(piece);
    if (!taken) return;
    this.#isHeld = true;
    taken.then(
      () => this.#release(),
      (error: unknown) => this.fail(error),
    );
  }

  #onEnd(): void {
    this.#end();
    const isClean = this.#isKeepAlive && !this.#isClosed && this.#parser.unreadBytes === 0;
    this.#channel.done(isClean);
    this.#bodyEnd.resolve();
  }

  #end(): void {
    this.#isOver = true;
    this.#signal?.removeEventListener("abort", this.#onAbort);
  }
}
