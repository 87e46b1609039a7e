/** The S3 port: HTTP by the rules that keep client and backend connections in step, and the one place where a throw becomes an S3 error. */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Duplex } from "node:stream";
import { Fault } from "@s3eg/shared/faults.ts";
import type { Body } from "@s3eg/shared/http/body.ts";
import { bodyOfReadable } from "@s3eg/shared/http/node-body.ts";
import { type FrontDoor, handleRequest, type Sighting } from "./handle-request.ts";
import { type Exchange, sendAnswer, sendError } from "./http-answer.ts";
import { type Incoming, readIncoming } from "./incoming.ts";
import { answerProbe, type Probes } from "./probes.ts";
import { toS3Error } from "./s3/errors.ts";

/** How the port behaves. */
export interface PortSettings {
  /** Longest pause of a client while it sends, and while it takes the answer. */
  readonly readIdleMs: number;
  readonly writeIdleMs: number;
  readonly keepAliveMs: number;
  readonly headersMs: number;
  readonly maxHeaderBytes: number;
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A request that has been answered, or whose client is gone. */
export interface Finished {
  readonly id: string;
  readonly req: IncomingMessage;
  readonly incoming: Incoming | undefined;
  readonly sighting: Sighting;
  readonly status: number;
  readonly errorCode?: string;
  /** What was thrown, for the log. */
  readonly error?: unknown;
  readonly bytesOut: number;
  readonly milliseconds: number;
}

/** The server of the S3 port, not yet listening. `finished` is told of every S3 request and awaited before its answer ends. */
export function s3Server(
  door: FrontDoor,
  settings: PortSettings,
  { probes, finished }: { probes: Probes; finished(request: Finished): void },
): Server {
  const listener = (req: IncomingMessage, res: ServerResponse) => {
    serve(door, { req, res, settings, probes, finished }).catch(() => res.destroy());
  };
  const options = {
    // The body has its own watchdog: a deadline on the whole request would cut long uploads.
    requestTimeout: 0,
    headersTimeout: settings.headersMs,
    keepAliveTimeout: settings.keepAliveMs,
    maxHeaderSize: settings.maxHeaderBytes,
    noDelay: true,
  };
  const server = settings.tls
    ? createTlsServer({ ...options, ...settings.tls, minVersion: "TLSv1.2" }, listener)
    : createServer(options, listener);
  // 100 Continue is sent when the body is first asked for: after the verdict on signature and rights.
  server.on("checkContinue", listener);
  // Any other expectation is ignored, as S3 servers do.
  server.on("checkExpectation", listener);
  server.on("clientError", refuseUnreadable);
  return server;
}

const CLIENT_GONE = new Fault("client.gone", "the client closed the connection");

/** 64 random bits in the form of S3's request ids. Node keeps a stock of UUIDs, so this costs no system call. */
function requestId(): string {
  return randomUUID().replaceAll("-", "").slice(-16).toUpperCase();
}

interface Serving {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly settings: PortSettings;
  readonly probes: Probes;
  finished(request: Finished): void;
}

async function serve(door: FrontDoor, serving: Serving): Promise<void> {
  const { req, res, settings } = serving;
  if (await answerProbe(req, res, serving.probes)) return;
  const startedMs = performance.now();
  const id = requestId();
  const exchange: Exchange = { req, res, id, idleMs: settings.writeIdleMs };
  const sighting: Sighting = { bytesIn: 0 };
  const gone = new AbortController();
  // A constant reason: without one every abort builds an exception with a stack.
  res.once("close", () => {
    if (!res.writableFinished) gone.abort(CLIENT_GONE);
  });
  let incoming: Incoming | undefined;
  let outcome: Pick<Finished, "status" | "bytesOut" | "errorCode" | "error">;
  try {
    incoming = readIncoming(req);
    const openBody = () => requestBody(serving);
    const received = { incoming, id, signal: gone.signal, openBody };
    const answer = await handleRequest(door, received, sighting);
    outcome = { status: answer.status, bytesOut: await sendAnswer(exchange, answer) };
  } catch (error) {
    outcome = await refuse(exchange, error);
  }
  const milliseconds = performance.now() - startedMs;
  serving.finished({ id, req, incoming, sighting, milliseconds, ...outcome });
}

/** Before the answer's head a failure is an S3 error; after it the connection is destroyed, never ended cleanly. */
async function refuse(
  exchange: Exchange,
  error: unknown,
): Promise<Pick<Finished, "status" | "bytesOut" | "errorCode" | "error">> {
  const { req, res } = exchange;
  const s3Error = toS3Error(error);
  const about = { errorCode: s3Error.code, error };
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return { status: 499, bytesOut: 0, ...about };
  }
  try {
    for (const name of res.getHeaderNames()) res.removeHeader(name);
    const resource = (req.url ?? "").split("?", 1)[0] ?? "";
    return {
      status: s3Error.status,
      bytesOut: await sendError(exchange, s3Error, resource),
      ...about,
    };
  } catch {
    res.destroy();
    return { status: 499, bytesOut: 0, ...about };
  }
}

function requestBody({ req, res, settings }: Serving): Body {
  if (req.headers.expect?.toLowerCase() === "100-continue") res.writeContinue();
  return bodyOfReadable(req, { idleMs: settings.readIdleMs });
}

/** What the HTTP parser could not read: an answer in S3's form, and the connection closed. */
function refuseUnreadable(error: Error & { code?: string }, socket: Duplex): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const [status, code] =
    error.code === "HPE_HEADER_OVERFLOW"
      ? ["400 Bad Request", "RequestHeaderSectionTooLarge"]
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? ["400 Bad Request", "RequestTimeout"]
        : ["400 Bad Request", "BadRequest"];
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>the request could not be read</Message></Error>`;
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/xml\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}
