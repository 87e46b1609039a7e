/** Writing answers: the one place where an S3 answer or error becomes HTTP (S3 API, "Common response headers", "Error responses"). */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { type Body, bodyOfBytes } from "@s3eg/shared/http/body.ts";
import { dropRest } from "@s3eg/shared/http/drop-rest.ts";
import { writeBody } from "@s3eg/shared/http/write-body.ts";
import { el, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import type { S3Answer } from "./operations/operation.ts";
import type { S3Error } from "./s3/errors.ts";
import { clientEtag } from "./s3/etags.ts";

const DROP_PAUSE_MS = 250;

/** What answering needs to know of the exchange. */
export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly id: string;
  /** Longest pause of a client while it takes the answer. */
  readonly idleMs: number;
  /** True while the client waits for 100 Continue before it sends its body. */
  isBodyHeldBack(): boolean;
}

/** Sends an answer. Resolves with the bytes of its body once all of it went out; a body that fails rejects, and destroys the connection if anything was sent. */
export async function sendAnswer(exchange: Exchange, answer: S3Answer): Promise<number> {
  const { req, res, idleMs } = exchange;
  const body = answerBody(answer);
  let drains: boolean;
  try {
    setHead(exchange, answer);
    // HEAD answers carry the length of what GET would send; the operation set it.
    if (body) res.setHeader("content-length", body.sizeBytes);
    else if (isEmpty(exchange, answer.status)) res.setHeader("content-length", 0);
    drains = leaveBodyUnread(exchange);
  } catch (error) {
    body?.body.destroy(error);
    throw error;
  }
  if (body && req.method !== "HEAD") {
    try {
      await writeBody(body.body, res, { idleMs });
    } catch (error) {
      // As long as nothing was sent there may still be an S3 error.
      if (res.headersSent) res.destroy();
      throw error;
    }
  }
  if (drains) {
    res.flushHeaders();
    // Who asks too much is not read from at full speed: that would cost what the refusal saved.
    await dropRest(req, answer.status === 503 ? { pauseMs: DROP_PAUSE_MS } : {});
  }
  await end(res);
  return req.method === "HEAD" ? 0 : (body?.sizeBytes ?? 0);
}

/** True for an answer whose length is nothing, said by nobody yet. Of a HEAD it would be what GET sends, which an operation knows or nobody. */
function isEmpty({ req, res }: Exchange, status: number): boolean {
  const isBodiless = req.method === "HEAD" || status === 204 || status === 304;
  return !isBodiless && !res.hasHeader("content-length");
}

function answerBody({ body }: S3Answer): { body: Body; sizeBytes: number } | undefined {
  if (typeof body !== "string") return body;
  const bytes = Buffer.from(body);
  return { body: bodyOfBytes(bytes), sizeBytes: bytes.byteLength };
}

/** Sends an S3 error: XML for all methods but HEAD. */
export async function sendError(
  exchange: Exchange,
  error: S3Error,
  resource: string,
): Promise<number> {
  const status = error.status;
  if (status === 304) {
    const headers = { ...error.headers, ...notModified(error) };
    return await sendAnswer(exchange, { status, headers });
  }
  const headers = { ...error.headers, "content-type": "application/xml" };
  if (exchange.req.method === "HEAD") return await sendAnswer(exchange, { status, headers });
  const fields = Object.entries(error.fields).map(([name, value]) => el(name, value));
  const body = xmlDocument(
    el(
      "Error",
      el("Code", error.code),
      el("Message", error.message),
      ...fields,
      el("Resource", resource),
      el("RequestId", exchange.id),
      el("HostId", exchange.id),
    ),
  );
  return await sendAnswer(exchange, { status, headers, body });
}

/** Who keeps an object is told which one it is that did not change (RFC 9110 §15.4.5). */
function notModified({ fields }: S3Error): HeaderFields {
  return typeof fields.ETag === "string" ? { etag: clientEtag(fields.ETag) } : {};
}

function setHead({ req, res, id }: Exchange, { status, headers = {} }: S3Answer): void {
  res.statusCode = status;
  // A connection of HTTP/1.1 lasts where nothing is said of it (RFC 9112 §9.3), and S3 says nothing.
  if (req.httpVersion === "1.1" && res.shouldKeepAlive) res.removeHeader("connection");
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  res.setHeader("x-amz-request-id", id);
  res.setHeader("x-amz-id-2", id);
  res.setHeader("server", "s3-encryption-gateway");
}

/** A connection whose request was not read to its end can't be used again (RFC 9112 §9.3). */
function leaveBodyUnread({ req, res, isBodyHeldBack }: Exchange): boolean {
  const isUnread = hasBody(req) && !req.complete;
  if (isUnread) res.setHeader("connection", "close");
  // A client that waits for 100 Continue has sent nothing and must not be waited for.
  return isUnread && !isBodyHeldBack();
}

/** True if a body follows the head. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

async function end(res: ServerResponse): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  res.once("close", () =>
    res.writableFinished ? resolve() : reject(new Error("connection closed")),
  );
  res.end(resolve);
  if (res.destroyed) reject(new Error("connection closed"));
  await promise;
}
