/** One transfer as its asker sees it on the wire: taken by the worker, answered, refused or broken. */
import type { ClientRequest, IncomingMessage } from "node:http";
import { Fault } from "../faults.ts";
import { collectBody } from "./body.ts";
import { bodyOfReadable } from "./node-body.ts";
import { decodeRefusal, FAULT_HEADER, MAX_ANSWER_BYTES } from "./transfer-wire.ts";

/** Time limits of an exchange. */
export interface ExchangeLimits {
  /** From having a connection to `taken`. */
  readonly takeMs: number;
  /** From the end of the request to the answer. */
  readonly answerMs: number;
  /** Between two pieces of an answer. */
  readonly idleMs: number;
}

/** Watches a request from before its connection to the head of its answer. */
export class TransferExchange {
  readonly request: ClientRequest;
  readonly #signal: AbortSignal | undefined;
  readonly #limits: ExchangeLimits;
  readonly #taken = Promise.withResolvers<void>();
  readonly #answer = Promise.withResolvers<IncomingMessage>();
  #timer: NodeJS.Timeout | undefined;
  #isTaken = false;
  #hasAnswer = false;
  #failure: { readonly reason: unknown } | undefined;
  /** Called when the worker refuses, or breaks off, after it has taken the transfer. */
  onFailure: ((reason: unknown) => void) | undefined;

  constructor(request: ClientRequest, signal: AbortSignal | undefined, limits: ExchangeLimits) {
    this.request = request;
    this.#signal = signal;
    this.#limits = limits;
    for (const { promise } of [this.#taken, this.#answer]) promise.catch(() => undefined);
    request
      .on("socket", () => this.#expect(limits.takeMs))
      .on("continue", () => this.#take())
      .on("response", (answer) => this.#onAnswer(answer))
      .on("error", (cause) => this.#onLost(cause))
      .on("close", () => this.#onLost(undefined));
    signal?.addEventListener("abort", this.#onAbort);
    if (signal?.aborted) this.#onAbort();
  }

  /** Resolves when the worker wants the transfer. Rejects with its refusal, or `crypto.unavailable` if it cannot be reached. */
  get taken(): Promise<void> {
    return this.#taken.promise;
  }

  /** Why the exchange failed, if it did. */
  get failure(): { readonly reason: unknown } | undefined {
    return this.#failure;
  }

  /** True if a kept connection turned out to be dead before the worker took anything: it says nothing about the worker. */
  get isStale(): boolean {
    return this.request.reusedSocket && !this.#isTaken;
  }

  /** The answer to a request that has been ended; only ever one with status 200. */
  answered(): Promise<IncomingMessage> {
    if (!this.#failure) this.#expect(this.#limits.answerMs);
    return this.#answer.promise;
  }

  /** Lets go of the signal; the connection goes back to the pool, or is destroyed if the answer was not read to its end. */
  close(reason?: unknown): void {
    this.#stopTimer();
    this.#signal?.removeEventListener("abort", this.#onAbort);
    if (reason === undefined) return;
    this.#fail(reason);
    this.request.destroy();
  }

  /** A process that was busy looks at its timers before it looks at what has come meanwhile: that has one more turn. */
  #expect(withinMs: number): void {
    this.#stopTimer();
    const timer = setTimeout(() => {
      setImmediate(() => {
        if (this.#timer === timer) this.#onTimeout();
      });
    }, withinMs);
    this.#timer = timer;
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #take(): void {
    this.#isTaken = true;
    this.#stopTimer();
    this.#taken.resolve();
  }

  #onAnswer(answer: IncomingMessage): void {
    this.#hasAnswer = true;
    this.#stopTimer();
    if (answer.statusCode !== 200 || answer.headers[FAULT_HEADER] !== undefined) {
      textOf(answer, this.#limits.idleMs).then(
        (json) => this.#fail(refusalOf(answer, json)),
        (error: unknown) => this.#fail(error),
      );
    } else if (this.request.writableEnded) {
      this.#take();
      this.#answer.resolve(answer);
    } else {
      this.#fail(broken("worker answered before the body had ended"));
    }
  }

  #onTimeout(): void {
    this.#fail(
      this.#isTaken
        ? broken("worker does not answer")
        : new Fault("crypto.unavailable", "worker does not take the transfer"),
    );
    this.request.destroy();
  }

  /** After the answer has begun its reader is told by the answer itself. */
  #onLost(cause: unknown): void {
    if (this.#hasAnswer) return;
    this.#fail(
      this.#isTaken
        ? broken("worker is gone", cause)
        : new Fault("crypto.unavailable", "worker cannot be reached", { cause }),
    );
  }

  readonly #onAbort = (): void => {
    this.#fail(this.#signal?.reason);
    this.request.destroy();
  };

  #fail(reason: unknown): void {
    if (this.#failure) return;
    this.#failure = { reason };
    this.#stopTimer();
    this.#taken.reject(reason);
    this.#answer.reject(reason);
    this.onFailure?.(reason);
  }
}

/** The text of an answer, which may not be large. */
export async function textOf(answer: IncomingMessage, idleMs: number): Promise<string> {
  const body = bodyOfReadable(answer, {
    idleMs,
    onIdle: () => broken("worker stalled"),
    goneFault: (cause) => broken("worker is gone", cause),
  });
  const text = await collectBody(body, MAX_ANSWER_BYTES, () => broken("answer is too large"));
  return text.toString();
}

/** The fault of a transfer that broke on the way. */
export function broken(message: string, cause?: unknown): Fault {
  return new Fault("transfer.broken", message, { cause });
}

function refusalOf(answer: IncomingMessage, json: string): Fault {
  const code = answer.headers[FAULT_HEADER];
  return decodeRefusal(answer.statusCode ?? 0, code === undefined ? code : String(code), json);
}
