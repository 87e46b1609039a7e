/** Carrier of requests without a body and with answers of moderate size: undici does what it is good at, many short exchanges. */
import { type Dispatcher, errors, Pool } from "undici";
import { Fault } from "../faults.ts";
import type { Body, Take } from "../http/body.ts";
import type { HeaderFields } from "./backend.ts";
import type { ConnectionSettings } from "./bulk-connection.ts";
import {
  abortReason,
  type Carrier,
  lostExchange,
  type WireRequest,
  type WireResponse,
} from "./carrier.ts";
import { addField, checkFields } from "./header-fields.ts";

const MAX_HEAD_BYTES = 64 * 1024;
/** So much of an answer is read ahead before anybody asks for it; as much is read away of one that nobody wants. */
const READ_AHEAD_BYTES = 64 * 1024;

/** Keeps at most `maxConnections` connections to one host, one request at a time on each. */
export class UndiciCarrier implements Carrier {
  readonly #pool: Pool;

  constructor(settings: ConnectionSettings, maxConnections: number) {
    const { host, port, tls, timeouts, keepIdleMs } = settings;
    const name = host.includes(":") ? `[${host}]` : host;
    this.#pool = new Pool(`${tls ? "https" : "http"}://${name}:${port}`, {
      connections: maxConnections,
      pipelining: 1,
      allowH2: false,
      headersTimeout: timeouts.headersMs,
      bodyTimeout: timeouts.idleMs,
      keepAliveTimeout: keepIdleMs,
      keepAliveMaxTimeout: keepIdleMs,
      maxHeaderSize: MAX_HEAD_BYTES,
      connect: { timeout: timeouts.connectMs, allowH2: false, ...tls },
    });
  }

  exchange(request: WireRequest): Promise<WireResponse> {
    const { signal } = request;
    // An answer that comes although the body was not read leaves a connection in doubt, and undici would use it again.
    if (request.body) throw new TypeError("a request with a body needs the bulk carrier");
    checkFields(request.headers);
    if (signal?.aborted) return Promise.reject(abortReason(signal));
    const exchange = new SmallExchange(signal);
    this.#pool.dispatch(
      {
        method: request.method,
        path: request.target,
        headers: request.headers,
        // Without it undici closes the connection after each HEAD.
        reset: false,
      },
      exchange,
    );
    return exchange.response;
  }

  retire(): void {
    this.#pool.close(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy();
  }
}

class SmallExchange implements Dispatcher.DispatchHandler {
  readonly #response = Promise.withResolvers<WireResponse>();
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => {
    if (this.#signal) this.#fail(abortReason(this.#signal));
  };
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #leftBytes = Number.POSITIVE_INFINITY;
  #controller: Dispatcher.DispatchController | undefined;
  #hasAnswer = false;
  #isUnwanted = false;
  #isOver = false;
  #error: { readonly cause: unknown } | undefined;
  #wake: () => void = () => {};

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  get response(): Promise<WireResponse> {
    return this.#response.promise;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#error) controller.abort(new Error("given up before it was sent"));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    received: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    if (status < 200) return;
    const headers = joinFields(received);
    if (!headers) {
      this.#fail(lostExchange("answer", "answer of the backend is malformed: repeated field"));
      return;
    }
    this.#hasAnswer = true;
    this.#leftBytes = Number(headers["content-length"] ?? Number.POSITIVE_INFINITY);
    this.#response.resolve({ status, headers, isReused: true, body: this.#body() });
  }

  onResponseData(controller: Dispatcher.DispatchController, piece: Buffer): void {
    this.#leftBytes -= piece.length;
    if (this.#isUnwanted) return;
    this.#waiting.push(piece);
    this.#waitingBytes += piece.length;
    if (this.#waitingBytes >= READ_AHEAD_BYTES) controller.pause();
    this.#wake();
  }

  onResponseEnd(): void {
    this.#end();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, cause: Error): void {
    this.#fail(this.#faultOf(cause));
  }

  #body(): Body {
    return {
      pump: (take) => this.#pump(take),
      destroy: (reason) => this.#giveUp(reason),
    };
  }

  async #pump(take: Take): Promise<void> {
    try {
      for (;;) {
        if (this.#error) throw this.#error.cause;
        const piece = this.#waiting.shift();
        if (piece) {
          this.#waitingBytes -= piece.length;
          const taken = take(piece);
          if (taken) await taken;
        } else if (this.#isOver) return;
        else await this.#more();
      }
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  async #more(): Promise<void> {
    const woken = Promise.withResolvers<void>();
    this.#wake = woken.resolve;
    if (this.#controller?.paused) this.#controller.resume();
    await woken.promise;
  }

  #giveUp(reason: unknown): void {
    const cause = reason ?? lostExchange("answer", "answer of the backend was given up");
    if (this.#isOver || this.#leftBytes > READ_AHEAD_BYTES) this.#fail(cause);
    else {
      this.#isUnwanted = true;
      this.#error ??= { cause };
      if (this.#controller?.paused) this.#controller.resume();
    }
    this.#waiting.length = 0;
    this.#wake();
  }

  #fail(cause: unknown): void {
    this.#error ??= { cause };
    this.#response.reject(cause);
    if (this.#isOver) return;
    this.#end();
    this.#controller?.abort(cause instanceof Error ? cause : new Error("given up", { cause }));
  }

  #end(): void {
    this.#isOver = true;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#wake();
  }

  #faultOf(cause: Error): Fault {
    if (cause instanceof errors.InvalidArgumentError) {
      return new Fault("input.invalid", "backend request is not allowed", { cause });
    }
    if (cause instanceof errors.HeadersTimeoutError || cause instanceof errors.BodyTimeoutError) {
      return lostExchange("stalled", "backend made no progress for too long", { cause });
    }
    if (this.#hasAnswer) {
      return lostExchange("answer", "answer of the backend was cut short", { cause });
    }
    if (cause instanceof errors.HTTPParserError || cause instanceof errors.HeadersOverflowError) {
      return lostExchange("answer", "answer of the backend is malformed", { cause });
    }
    return this.#controller
      ? lostExchange("reset", "connection to the backend broke", { cause, isReused: true })
      : lostExchange("connect", "backend cannot be reached", { cause });
  }
}

function joinFields(
  received: Readonly<Record<string, string | string[] | undefined>>,
): HeaderFields | undefined {
  const fields = new Map<string, string>();
  for (const [name, values] of Object.entries(received)) {
    for (const value of typeof values === "string" ? [values] : (values ?? [])) {
      if (!addField(fields, name, value)) return undefined;
    }
  }
  return Object.fromEntries(fields);
}
