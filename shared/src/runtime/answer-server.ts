/** A small HTTP server for small requests and answers (probes, metrics, admin): whole bodies, no streaming. S3 has its own server. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer, Server as TlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { Fault } from "../faults.ts";
import type { ListenAddress } from "./config.ts";
import type { Log } from "./log.ts";
import { type ServerCertificate, secureOptions } from "./server-certificate.ts";

/** What an answerer is told. */
export interface SmallRequest {
  readonly method: string;
  /** Path without the query, as it was sent. */
  readonly path: string;
  /** What follows the `?`, as it was sent; `""` if nothing does. */
  readonly query: string;
  /** The `Authorization` header; `""` if there is none. */
  readonly authorization: string;
  /** Address of the TCP peer. */
  readonly clientIp: string;
  /** The body, read when it is asked for, once; `""` if there is none. `limit.body-too-large` for more than 16 KiB, `client.gone` if it broke off. */
  text(): Promise<string>;
}

/** A whole answer. */
export interface SmallAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A server that listens. Disposing lets running answers end, for 2 seconds at most. */
export interface Listening extends AsyncDisposable {
  /** The port, also when a free one was asked for. */
  readonly port: number;
  /** Connections that come from now on see this certificate; for a server that has TLS. */
  exchangeCertificate(certificate: ServerCertificate): void;
}

/** An answer in JSON. */
export function jsonAnswer(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): SmallAnswer {
  return {
    status,
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  };
}

const REQUEST_TIMEOUT_MS = 15_000;
const CLOSE_GRACE_MS = 2000;
const MAX_BODY_BYTES = 16 * 1024;

/** Listens on `address` and sends what `answer` gives; a rejection becomes 500 with an empty body, and is logged. */
export async function serveAnswers(options: {
  readonly address: ListenAddress;
  readonly answer: (request: SmallRequest) => Promise<SmallAnswer>;
  readonly log: Log;
  readonly maxHeaderBytes?: number;
  /** Absent: plain HTTP. */
  readonly tls?: ServerCertificate | undefined;
}): Promise<Listening> {
  const { address, answer, log, tls, maxHeaderBytes = 16 * 1024 } = options;
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    answer(smallRequest(request))
      .catch((error: unknown): SmallAnswer => {
        log.error({ err: error }, "answering failed");
        return { status: 500, body: "" };
      })
      .then((given) => send(request, response, given))
      .catch((error: unknown) => {
        log.error({ err: error }, "answer not sent");
        response.destroy();
      });
  };
  const settings = {
    maxHeaderSize: maxHeaderBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: REQUEST_TIMEOUT_MS,
  };
  const server = tls
    ? createTlsServer({ ...settings, ...secureOptions(tls) }, onRequest)
    : createServer(settings, onRequest);
  const { promise: isListening, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject).listen(address, resolve);
  await isListening;
  return {
    port: (server.address() as AddressInfo).port,
    exchangeCertificate(certificate) {
      if (server instanceof TlsServer) server.setSecureContext(secureOptions(certificate));
    },
    async [Symbol.asyncDispose]() {
      const timer = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
      await new Promise<void>((done) => server.close(() => done()));
      clearTimeout(timer);
    },
  };
}

function smallRequest(request: IncomingMessage): SmallRequest {
  const { url = "" } = request;
  const [path = ""] = url.split("?", 1);
  return {
    method: request.method ?? "",
    path,
    query: url.slice(path.length + 1),
    authorization: request.headers.authorization ?? "",
    clientIp: request.socket.remoteAddress ?? "",
    text: () => textOf(request),
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  const body: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false });
  try {
    for await (const piece of body) {
      size += piece.byteLength;
      if (size > MAX_BODY_BYTES) break;
      pieces.push(piece);
    }
  } catch (cause) {
    throw new Fault("client.gone", "request broke off", { cause });
  }
  if (size > MAX_BODY_BYTES) {
    // The rest is read and dropped, or a client that is still sending would never see the answer.
    request.resume();
    throw new Fault("limit.body-too-large", "request body is too large");
  }
  return Buffer.concat(pieces).toString();
}

function send(request: IncomingMessage, response: ServerResponse, answer: SmallAnswer): void {
  response.writeHead(answer.status, {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...answer.headers,
    "content-length": Buffer.byteLength(answer.body),
  });
  response.end(request.method === "HEAD" ? undefined : answer.body);
}
