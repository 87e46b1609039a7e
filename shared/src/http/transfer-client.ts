/** Transfers over HTTP/1.1, the asker's side. On `node:http`, because undici cannot send trailers, and a trailer commits an upload. */
import {
  type AgentOptions,
  Agent as HttpAgent,
  request as httpRequest,
  type RequestOptions,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Download, Upload } from "../contracts/contract.ts";
import { isFault } from "../faults.ts";
import type { Body } from "./body.ts";
import { bodyOfReadable } from "./node-body.ts";
import type { TransferTickets } from "./ticket.ts";
import type { TransferClient, TransferOptions } from "./transfer.ts";
import { broken, TransferExchange, textOf } from "./transfer-exchange.ts";
import type { TransferTls } from "./transfer-server.ts";
import {
  decodeField,
  encodeField,
  HEAD_HEADER,
  MAX_HEADER_BYTES,
  PATH_PREFIX,
  parseAs,
  REQUEST_ID_HEADER,
  RESULT_HEADER,
  TAIL_HEADER,
  TICKET_HEADER,
  TRACEPARENT_HEADER,
} from "./transfer-wire.ts";
import type { Worker } from "./worker-table.ts";
import { writeBody } from "./write-body.ts";

/** Workers asked for one transfer before it is given up. */
const MAX_TRIES = 3;

/** How long a worker may take to say that it wants an upload. */
const TAKE_MS = 5000;

/** What the client needs. */
export interface HttpTransferClientOptions {
  /** The worker for the next transfer; `tried` are those it failed on. Throws `crypto.unavailable`. */
  readonly pickWorker: (tried: ReadonlySet<string>) => Worker;
  readonly tickets: TransferTickets;
  readonly tls?: TransferTls | undefined;
  /** Connections per worker at a time; transfers beyond wait for one. Default 256. */
  readonly maxConnections?: number | undefined;
  /** No byte moves for this long: the transfer is broken. Default 60 000. */
  readonly idleMs?: number | undefined;
  /** How long the owner may take for its result when the body has ended. Default 300 000. */
  readonly answerMs?: number | undefined;
}

/** Asks workers for transfers. */
export class HttpTransferClient implements TransferClient, AsyncDisposable {
  readonly #options: HttpTransferClientOptions;
  readonly #agent: HttpAgent;
  readonly #idleMs: number;
  readonly #answerMs: number;

  constructor(options: HttpTransferClientOptions) {
    this.#options = options;
    this.#idleMs = options.idleMs ?? 60_000;
    this.#answerMs = options.answerMs ?? 300_000;
    const settings = {
      keepAlive: true,
      maxSockets: options.maxConnections ?? 256,
      maxFreeSockets: 64,
      scheduling: "lifo" as const,
    };
    this.#agent = options.tls ? tlsAgent(settings, options.tls) : new HttpAgent(settings);
  }

  /** Connections to all workers, idle ones included. */
  get openConnections(): number {
    const { sockets, freeSockets } = this.#agent;
    return [...Object.values(sockets), ...Object.values(freeSockets)].flat().length;
  }

  async upload<Head, Tail, Result>(
    contract: Upload<Head, Tail, Result>,
    { head, body, tail }: { head: Head; body: Body; tail: () => Tail },
    options: TransferOptions,
  ): Promise<Result> {
    let exchange: TransferExchange | undefined;
    try {
      exchange = await this.#reach(contract.path, options, {
        [HEAD_HEADER]: headField(contract, head),
        "transfer-encoding": "chunked",
        trailer: TAIL_HEADER,
        expect: "100-continue",
      });
      await this.#send(exchange, body);
      const what = `tail of ${contract.path}`;
      const known = parseAs(contract.tail, tail(), { code: "input.invalid", what });
      exchange.request.addTrailers([[TAIL_HEADER, encodeField(known, "input.invalid")]]);
      exchange.request.end();
      const json = await textOf(await exchange.answered(), this.#idleMs);
      exchange.close();
      return resultOf(contract, parsedJson(json));
    } catch (error) {
      exchange?.close(error);
      body.destroy(error);
      throw error;
    }
  }

  async download<Head, Result>(
    contract: Download<Head, Result>,
    head: Head,
    options: TransferOptions,
  ): Promise<{ result: Result; body: Body }> {
    const fields = { [HEAD_HEADER]: headField(contract, head), "content-length": "0" };
    const exchange = await this.#reach(contract.path, options, fields);
    try {
      const answer = await exchange.answered();
      const result = resultOf(contract, decodeField(answer.headers[RESULT_HEADER]));
      if (answer.headers["content-length"] === undefined) throw broken("answer without a length");
      answer.once("close", () => exchange.close());
      const body = bodyOfReadable(answer, {
        idleMs: this.#idleMs,
        onIdle: () => broken("worker stalled"),
        goneFault: (cause) => reasonOf(exchange) ?? broken("worker is gone", cause),
      });
      return { result, body };
    } catch (error) {
      exchange.close(error);
      throw error;
    }
  }

  /** Closes the connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
  }

  /** Asks workers until one takes the transfer: nothing of a body has been taken yet, so any of them will do. */
  async #reach(
    path: string,
    options: TransferOptions,
    fields: Record<string, string>,
  ): Promise<TransferExchange> {
    const failedOn = new Set<string>();
    let failure: unknown;
    for (let tries = 1; ; tries++) {
      options.signal?.throwIfAborted();
      const worker = this.#pick(failedOn, failure);
      const exchange = this.#open(worker, { path, options, fields });
      try {
        await exchange.taken;
        return exchange;
      } catch (error) {
        exchange.close(error);
        if (!isFault(error, "crypto.unavailable", "limit.busy") || tries === MAX_TRIES) throw error;
        if (!exchange.isStale) failedOn.add(worker.id);
        failure = error;
      }
    }
  }

  /** When no other worker is left, what the last one said is thrown. */
  #pick(failedOn: ReadonlySet<string>, failure: unknown): Worker {
    try {
      return this.#options.pickWorker(failedOn);
    } catch (error) {
      throw failure instanceof Error ? failure : error;
    }
  }

  #open(
    worker: Worker,
    asking: { path: string; options: TransferOptions; fields: Record<string, string> },
  ): TransferExchange {
    const { path, fields } = asking;
    const { requestId, signal, traceparent } = asking.options;
    const use = { worker: worker.id, path, requestId, now: Date.now() };
    const ticket = this.#options.tickets.issue(use);
    const url = new URL(PATH_PREFIX + path, worker.url);
    const settings: RequestOptions = {
      method: "POST",
      agent: this.#agent,
      maxHeaderSize: MAX_HEADER_BYTES,
      headers: {
        ...fields,
        [REQUEST_ID_HEADER]: requestId,
        [TICKET_HEADER]: ticket,
        ...(traceparent ? { [TRACEPARENT_HEADER]: traceparent } : {}),
      },
    };
    const isUpload = fields.expect !== undefined;
    const request =
      url.protocol === "https:" ? httpsRequest(url, settings) : httpRequest(url, settings);
    if (!isUpload) request.end();
    const [answerMs, idleMs] = [this.#answerMs, this.#idleMs];
    const takeMs = isUpload ? TAKE_MS : answerMs;
    return new TransferExchange(request, signal, { takeMs, answerMs, idleMs });
  }

  /** The body's own error is what is thrown, unless the exchange failed first: then it is the worker's word, or the signal's. */
  async #send(exchange: TransferExchange, body: Body): Promise<void> {
    exchange.onFailure = (reason) => body.destroy(reason);
    try {
      await writeBody(body, exchange.request, {
        idleMs: this.#idleMs,
        onIdle: () => broken("worker stalled"),
        goneFault: (cause) => broken("worker is gone", cause),
      });
    } catch (error) {
      throw exchange.failure ? exchange.failure.reason : error;
    }
  }
}

function tlsAgent(settings: AgentOptions, { ca, cert, key, serverName }: TransferTls): HttpsAgent {
  const name = serverName === undefined ? {} : { servername: serverName };
  return new HttpsAgent({ ...settings, ...name, ca, cert, key, minVersion: "TLSv1.3" });
}

function headField<Head>(
  { path, head: schema }: Pick<Download<Head, unknown>, "path" | "head">,
  head: Head,
): string {
  const parsed = parseAs(schema, head, { code: "input.invalid", what: `head of ${path}` });
  return encodeField(parsed, "input.invalid");
}

function resultOf<Result>(
  { path, result: schema }: Pick<Download<unknown, Result>, "path" | "result">,
  result: unknown,
): Result {
  return parseAs(schema, result, { code: "internal.bug", what: `result of ${path}` });
}

function parsedJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw broken("answer is not JSON", cause);
  }
}

function reasonOf({ failure }: TransferExchange): Error | undefined {
  return failure?.reason instanceof Error ? failure.reason : undefined;
}
