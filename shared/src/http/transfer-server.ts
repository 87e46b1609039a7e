/** Transfers over HTTP/1.1, the owner's side. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Download, Upload } from "../contracts/contract.ts";
import { Fault } from "../faults.ts";
import { InFlight } from "../runtime/in-flight.ts";
import type { Log } from "../runtime/log.ts";
import { dropRest } from "./drop-rest.ts";
import { bodyOfReadable } from "./node-body.ts";
import type { TransferTickets } from "./ticket.ts";
import type {
  DownloadAnswerer,
  TransferContext,
  TransferServer,
  UploadAnswerer,
} from "./transfer.ts";
import {
  type GuardedDownload,
  type GuardedUpload,
  guardDownload,
  guardUpload,
} from "./transfer-answering.ts";
import {
  decodeField,
  encodeField,
  encodeRefusal,
  FAULT_HEADER,
  HEAD_HEADER,
  MAX_HEADER_BYTES,
  PATH_PREFIX,
  REQUEST_ID_HEADER,
  RESULT_HEADER,
  TAIL_HEADER,
  TICKET_HEADER,
  TRACEPARENT_HEADER,
} from "./transfer-wire.ts";
import { writeBody } from "./write-body.ts";

/** Longer than a client keeps an idle connection, so that it is the client who closes it. */
const KEEP_ALIVE_MS = 75_000;
const HEADERS_TIMEOUT_MS = 10_000;

/** PEM texts of one side of a mutual TLS connection. */
export interface TransferTls {
  readonly ca: string | Buffer;
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  /** Name that every worker's certificate holds, for clients that reach workers by address. Default: the host of the URL. */
  readonly serverName?: string | undefined;
}

/** What the server needs. */
export interface HttpTransferServerOptions {
  /** Tickets must be for this worker. */
  readonly workerId: string;
  /** Without a host: on all interfaces. Port 0: any free one. */
  readonly listen: { readonly host?: string; readonly port: number };
  /** Clients must then show a certificate of the same authority. */
  readonly tls?: TransferTls | undefined;
  readonly tickets: TransferTickets;
  /** More transfers than this at a time are refused with `limit.busy`. */
  readonly capacity: number;
  /** No byte moves for this long: the transfer is broken. Default 60 000. */
  readonly idleMs?: number | undefined;
  readonly log: Log;
}

type Answer = (exchange: Exchange) => Promise<void>;

interface Refused {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The client was told to send the body. */
  readonly hasGoneOn: boolean;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly context: TransferContext;
}

/** Answers transfers on a port of its own. */
export class HttpTransferServer implements TransferServer, AsyncDisposable {
  readonly #options: HttpTransferServerOptions;
  readonly #idleMs: number;
  readonly #server: Server;
  readonly #answers = new Map<string, Answer>();
  readonly #inFlight = new InFlight();
  #isDraining = false;

  constructor(options: HttpTransferServerOptions) {
    this.#options = options;
    this.#idleMs = options.idleMs ?? 60_000;
    this.#server = serverOf(options);
    // With a listener for it node leaves the go-ahead to us: after the checks.
    this.#server.on("request", this.#onRequest).on("checkContinue", this.#onRequest);
  }

  /** Transfers under way. */
  get inflight(): number {
    return this.#inFlight.count;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  serveUpload<Head, Tail, Result>(
    contract: Upload<Head, Tail, Result>,
    answerer: UploadAnswerer<Head, Tail, Result>,
  ): void {
    const guarded = guardUpload(contract, answerer, this.#options.log);
    this.#serve(contract.path, (exchange) => this.#takeUpload(exchange, guarded));
  }

  serveDownload<Head, Result>(
    contract: Download<Head, Result>,
    answerer: DownloadAnswerer<Head, Result>,
  ): void {
    const guarded = guardDownload(contract, answerer, this.#options.log);
    this.#serve(contract.path, (exchange) => this.#giveDownload(exchange, guarded));
  }

  /** Resolves with the port when it listens. */
  listen(): Promise<{ port: number }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ port: number }>();
    this.#server.once("error", reject);
    this.#server.listen(this.#options.listen, () => {
      this.#server.off("error", reject);
      resolve({ port: (this.#server.address() as AddressInfo).port });
    });
    return promise;
  }

  /** Takes no more transfers, waits for those under way (at most `timeoutMs`, then they are cut), and closes. */
  async stop(timeoutMs = 30_000): Promise<void> {
    this.#isDraining = true;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    await this.#inFlight.idle(timeoutMs);
    this.#server.closeAllConnections();
    await promise;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #serve(path: string, answer: Answer): void {
    if (this.#answers.has(path)) throw new Error(`${path} is served already`);
    this.#answers.set(path, answer);
  }

  readonly #onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    this.#inFlight
      .run(() => this.#handle(request, response))
      .catch((error: unknown) => {
        this.#options.log.error({ err: error }, "transfer not answered");
        response.destroy();
      });
  };

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    const onClose = () => {
      if (!response.writableFinished) gone.abort(broken());
    };
    response.once("close", onClose);
    let hasGoneOn = false;
    try {
      const { answer, requestId } = this.#admit(request);
      hasGoneOn = true;
      if (request.headers.expect) response.writeContinue();
      const context = { requestId, signal: gone.signal, ...traceOf(request) };
      await answer({ request, response, context });
    } catch (error) {
      await refuse({ request, response, hasGoneOn }, error);
    }
  }

  /** Everything that can be said before a byte of a body is asked for. */
  #admit({ method, url = "", headers }: IncomingMessage): { answer: Answer; requestId: string } {
    const path = url.startsWith(PATH_PREFIX) ? url.slice(PATH_PREFIX.length) : "";
    const requestId = String(headers[REQUEST_ID_HEADER] ?? "");
    const { workerId: worker, tickets, capacity } = this.#options;
    tickets.check(String(headers[TICKET_HEADER] ?? ""), {
      worker,
      path,
      requestId,
      now: Date.now(),
    });
    if (this.#isDraining) throw new Fault("crypto.unavailable", "worker is stopping");
    if (this.#inFlight.count > capacity) throw new Fault("limit.busy", "worker is busy");
    const answer = method === "POST" ? this.#answers.get(path) : undefined;
    if (!answer) throw new Fault("crypto.unavailable", "worker does not answer this transfer");
    return { answer, requestId };
  }

  async #takeUpload(
    { request, response, context }: Exchange,
    answerer: GuardedUpload,
  ): Promise<void> {
    const body = bodyOfReadable(request, {
      idleMs: this.#idleMs,
      onIdle: broken,
      goneFault: broken,
    });
    const tail = () => {
      const field = request.trailers[TAIL_HEADER];
      if (field === undefined) throw broken();
      return decodeField(field);
    };
    const head = decodeField(request.headers[HEAD_HEADER]);
    const result = await answerer({ head, body, tail }, context);
    const json = JSON.stringify(result);
    response.writeHead(200, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(json),
    });
    response.end(json);
  }

  async #giveDownload(
    { request, response, context }: Exchange,
    answerer: GuardedDownload,
  ): Promise<void> {
    request.resume();
    const head = decodeField(request.headers[HEAD_HEADER]);
    const { result, body, sizeBytes } = await answerer(head, context);
    try {
      response.writeHead(200, {
        "content-type": "application/octet-stream",
        "content-length": sizeBytes,
        [RESULT_HEADER]: encodeField(result, "internal.bug"),
      });
    } catch (error) {
      body.destroy(error);
      throw error;
    }
    await writeBody(body, response, { idleMs: this.#idleMs, onIdle: broken, goneFault: broken });
    response.end();
  }
}

function traceOf({ headers }: IncomingMessage): Pick<TransferContext, "traceparent"> {
  const traceparent = headers[TRACEPARENT_HEADER];
  return typeof traceparent === "string" ? { traceparent } : {};
}

function serverOf({ tls }: HttpTransferServerOptions): Server {
  const settings = {
    maxHeaderSize: MAX_HEADER_BYTES,
    // An upload lasts as long as it moves; the body has its own watchdog.
    requestTimeout: 0,
    headersTimeout: HEADERS_TIMEOUT_MS,
    connectionsCheckingInterval: HEADERS_TIMEOUT_MS / 2,
    keepAliveTimeout: KEEP_ALIVE_MS,
    noDelay: true,
  };
  if (!tls) return createServer(settings);
  const { ca, cert, key } = tls;
  const mutual = { requestCert: true, rejectUnauthorized: true, minVersion: "TLSv1.3" } as const;
  return createTlsServer({ ...settings, ...mutual, ca, cert, key });
}

/** Says no. After the first byte of an answer all that is left is to break the connection. */
async function refuse({ request, response, hasGoneOn }: Refused, error: unknown): Promise<void> {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const { status, code, json } = encodeRefusal(error);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(json),
    [FAULT_HEADER]: code,
    ...(request.complete ? {} : { connection: "close" }),
  });
  response.write(json);
  // Who has not been told to go on has sent nothing.
  if (request.headers.expect === undefined || hasGoneOn) await dropRest(request);
  response.end();
}

function broken(cause?: unknown): Fault {
  return new Fault("transfer.broken", "transfer broke off", { cause });
}
