/** Writing answers: the one place where an S3 answer or error becomes HTTP (S3 API, "Common response headers", "Error responses"). */
import type { IncomingMessage, ServerResponse } from "node:http";
import { dropRest } from "@s3eg/shared/http/drop-rest.ts";
import { writeBody } from "@s3eg/shared/http/write-body.ts";
import { el, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import type { S3Answer } from "./operations/operation.ts";
import type { S3Error } from "./s3/errors.ts";

/** What answering needs to know of the exchange. */
export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly id: string;
  /** Longest pause of a client while it takes the answer. */
  readonly idleMs: number;
}

/** Sends an answer. Resolves with the bytes of its body once all of it went out; a body that fails destroys the connection and rejects. */
export async function sendAnswer(exchange: Exchange, answer: S3Answer): Promise<number> {
  const { req, res } = exchange;
  const { body } = answer;
  const isText = typeof body === "string";
  const text = isText ? Buffer.from(body) : undefined;
  const length = isText ? text?.byteLength : body?.sizeBytes;
  setHead(exchange, answer);
  // HEAD answers carry the length of what GET would send; the operation set it.
  if (length !== undefined) res.setHeader("content-length", length);
  else if (!res.hasHeader("content-length") && answer.status !== 204 && answer.status !== 304) {
    res.setHeader("content-length", 0);
  }
  const drains = leaveBodyUnread(exchange);
  if (text && req.method !== "HEAD") res.write(text);
  if (body && !isText) {
    try {
      await writeBody(body.body, res, { idleMs: exchange.idleMs });
    } catch (error) {
      res.destroy();
      throw error;
    }
  }
  if (drains) await dropRest(req);
  await end(res);
  return length ?? 0;
}

/** Sends an S3 error: XML for all methods but HEAD. */
export async function sendError(
  exchange: Exchange,
  error: S3Error,
  resource: string,
): Promise<number> {
  const status = error.status;
  const headers = { "content-type": "application/xml" };
  if (exchange.req.method === "HEAD" || status === 304)
    return await sendAnswer(exchange, { status });
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

function setHead({ res, id }: Exchange, { status, headers = {} }: S3Answer): void {
  res.statusCode = status;
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  res.setHeader("x-amz-request-id", id);
  res.setHeader("x-amz-id-2", id);
  res.setHeader("server", "s3-encryption-gateway");
}

/** A connection whose request was not read to its end can't be used again (RFC 9112 §9.3). */
function leaveBodyUnread({ req, res }: Exchange): boolean {
  const hasBody =
    req.headers["transfer-encoding"] !== undefined ||
    Number(req.headers["content-length"] ?? 0) > 0;
  const isUnread = hasBody && !req.complete;
  if (isUnread) res.setHeader("connection", "close");
  // A client that waits for 100 Continue has sent nothing and must not be waited for.
  return isUnread && req.headers.expect === undefined;
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
