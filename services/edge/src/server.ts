/** The S3 port: HTTP by the rules that keep client and backend connections in step, and the one place where a throw becomes an S3 error. */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { Fault } from "@s3eg/shared/faults.ts";
import type { Body } from "@s3eg/shared/http/body.ts";
import { bodyOfReadable } from "@s3eg/shared/http/node-body.ts";
import { secureOptions } from "@s3eg/shared/runtime/server-certificate.ts";
import type { Concluded } from "./audit-trail.ts";
import {
  type ClientAddress,
  clientAddressOf,
  type SecureRequest,
  secureRequestOf,
} from "./client-address.ts";
import { limitConnections } from "./connection-limit.ts";
import { type FrontDoor, handleRequest, type Sighting } from "./handle-request.ts";
import { type Exchange, hasBody, sendAnswer, sendError } from "./http-answer.ts";
import { httpsOnly } from "./https-only.ts";
import { type Incoming, readIncoming } from "./incoming.ts";
import type { S3Answer } from "./operations/operation.ts";
import type { PortSettings } from "./port-settings.ts";
import { answerProbe, type Probes } from "./probes.ts";
import { waitingCost } from "./request-cost.ts";
import { placeOf, type WantedPlace } from "./request-place.ts";
import { toS3Error } from "./s3/to-s3-error.ts";
import { dropOtherHeaders, setSecurityHeaders } from "./security-headers.ts";
import { inRequestSpan } from "./traced-request.ts";
import { UnreadableRequests } from "./unreadable-request.ts";

/** A request that has been answered, or whose client is gone. */
export interface Finished extends Concluded {
  /** What was thrown, for the log. */
  readonly error?: unknown;
}

/** Who is told of requests. */
export interface Recorders {
  readonly probes: Probes;
  /** Of every S3 request that succeeded, before its answer goes out: what it throws is answered instead. */
  concluded(request: Concluded): Promise<void>;
  /** Of every S3 request when its answer has ended. */
  finished(request: Finished): void;
}

/** The server of the S3 port, not yet listening. A request goes through the door that there is when it comes, until it ends. */
export function s3Server(
  doorNow: () => FrontDoor,
  settings: PortSettings,
  recorders: Recorders,
): Server {
  const unreadable = new UnreadableRequests();
  const addressOf = clientAddressOf(settings.trustedProxies ?? []);
  const isSecureOf = secureRequestOf(settings.trustedProxies ?? []);
  const refusePlain = httpsOnly(settings);
  const listener = (req: IncomingMessage, res: ServerResponse) => {
    unreadable.watch(res);
    serve(doorNow(), {
      ...recorders,
      req,
      res,
      settings,
      addressOf,
      isSecureOf,
      refusePlain,
    }).catch(() => res.destroy());
  };
  const options = {
    // The body has its own watchdog: a deadline on the whole request would cut long uploads.
    requestTimeout: 0,
    headersTimeout: settings.headersMs,
    connectionsCheckingInterval: Math.min(settings.headersMs, 5000),
    keepAliveTimeout: settings.keepAliveMs,
    maxHeaderSize: settings.maxHeaderBytes,
    noDelay: true,
  };
  const { certificate } = settings;
  const server = certificate
    ? createTlsServer({ ...options, ...secureOptions(certificate) }, listener)
    : createServer(options, listener);
  const { authorities } = settings;
  if (authorities) {
    server.on("connection", (connection: Socket) => authorities.begin(connection));
    server.on("secureConnection", (connection: TLSSocket) => authorities.meet(connection));
  }
  // 100 Continue is sent when the body is first asked for: after the verdict on signature and rights.
  server.on("checkContinue", listener);
  // Any other expectation is ignored, as S3 servers do.
  server.on("checkExpectation", listener);
  server.on("clientError", unreadable.refuse);
  // The size of a head is bounded; fields beyond a number would be dropped unseen.
  server.maxHeadersCount = 0;
  limitConnections(server, settings.maxConnections);
  return server;
}

const CLIENT_GONE = new Fault("client.gone", "the client closed the connection");

/** 64 random bits in the form of S3's request ids. Node keeps a stock of UUIDs, so this costs no system call. */
function requestId(): string {
  return randomUUID().replaceAll("-", "").slice(-16).toUpperCase();
}

interface Serving extends Recorders {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly settings: PortSettings;
  readonly addressOf: ClientAddress;
  readonly isSecureOf: SecureRequest;
  refusePlain(request: IncomingMessage): void;
}

async function serve(door: FrontDoor, serving: Serving): Promise<void> {
  const { req, res, settings } = serving;
  setSecurityHeaders(res, settings.isHttps ?? false);
  if (await answerProbe(req, res, serving.probes)) return;
  await door.rounds.enter();
  if (res.destroyed) return;
  await inRequestSpan(door.tracing, req, () => serveS3(door, serving));
}

async function serveS3(door: FrontDoor, serving: Serving): Promise<void> {
  const { req, res, settings } = serving;
  const startedMs = performance.now();
  const id = requestId();
  const clientIp = serving.addressOf(req);
  let isBodyHeldBack = isContinueAwaited(req);
  const exchange: Exchange = {
    req,
    res,
    id,
    idleMs: settings.writeIdleMs,
    isBodyHeldBack: () => isBodyHeldBack,
  };
  const sighting: Sighting = { bytesIn: 0 };
  const gone = new AbortController();
  // A constant reason: without one every abort builds an exception with a stack.
  res.once("close", () => {
    if (!res.writableFinished) gone.abort(CLIENT_GONE);
  });
  let incoming: Incoming | undefined;
  let place: Disposable | undefined;
  let client = clientIp;
  let outcome: Pick<Finished, "status" | "bytesOut" | "errorCode" | "error">;
  try {
    await door.limits.arrived(clientIp);
    serving.refusePlain(req);
    incoming = readIncoming(req, settings.virtualHostDomains);
    const openBody = () => {
      if (isBodyHeldBack) res.writeContinue();
      isBodyHeldBack = false;
      const { readIdleMs: idleMs, minBodyRate: minBytesPerSecond } = settings;
      const body = bodyOfReadable(req, { idleMs, minBytesPerSecond });
      return door.turns.bodyOf(client, body);
    };
    const { signal } = gone;
    const enter = async (wanted: WantedPlace) => {
      client = wanted.client;
      const onWait = () => waitingCost(leaveInKernel(req));
      place = await placeOf(door.places, { ...wanted, signal, onWait });
    };
    const isSecure = serving.isSecureOf(req);
    const shown = () => settings.authorities?.certificateOf(req.socket);
    const received = { incoming, id, clientIp, isSecure, shown, signal, openBody, enter };
    const answer = await handleRequest(door, received, sighting);
    const milliseconds = performance.now() - startedMs;
    const sent = { status: answer.status, bytesOut: sizeOf(answer) };
    const concluded = { id, req, clientIp, incoming, sighting, milliseconds, ...sent };
    await recordOrDestroy(serving, answer, concluded);
    const paced = inTurns(answer, (body) => door.turns.bodyOf(client, body));
    outcome = { status: answer.status, bytesOut: await sendAnswer(exchange, paced) };
  } catch (error) {
    outcome = await refuse(exchange, error);
  } finally {
    place?.[Symbol.dispose]();
  }
  const milliseconds = performance.now() - startedMs;
  serving.finished({ id, req, clientIp, incoming, sighting, milliseconds, ...outcome });
}

/** An answer that may not go out is not left open. */
async function recordOrDestroy(
  serving: Serving,
  { body }: S3Answer,
  concluded: Concluded,
): Promise<void> {
  try {
    await serving.concluded(concluded);
  } catch (error) {
    if (typeof body === "object") body.body.destroy(error);
    throw error;
  }
}

/** Stops reading until somebody wants the body: what is not read costs the client's memory, not ours. Returns the bytes that were. */
function leaveInKernel(req: IncomingMessage): number {
  if (!req.complete && hasBody(req)) req.socket.pause();
  return req.readableLength;
}

function inTurns(answer: S3Answer, turned: (body: Body) => Body): S3Answer {
  const { body } = answer;
  return typeof body === "object"
    ? { ...answer, body: { ...body, body: turned(body.body) } }
    : answer;
}

function sizeOf({ body }: S3Answer): number {
  return typeof body === "string" ? Buffer.byteLength(body) : (body?.sizeBytes ?? 0);
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
    dropOtherHeaders(res);
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

/** True if the client sends its body only when it is told to go on (RFC 9110 §10.1.1). */
function isContinueAwaited({ headers, httpVersion }: IncomingMessage): boolean {
  return httpVersion === "1.1" && /(?:^|\W)100-continue(?:$|\W)/i.test(headers.expect ?? "");
}
