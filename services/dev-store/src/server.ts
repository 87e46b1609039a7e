/** The HTTP side: signature, operation, answer. What is wrong with a request is said before its body is asked for. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { collectBody } from "@s3eg/shared/http/body.ts";
import { bodyOfReadable } from "@s3eg/shared/http/node-body.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Secret } from "@s3eg/shared/runtime/secret.ts";
import {
  decodeTarget,
  isKeyLengthAllowed,
  parseQuery,
  type Target,
} from "@s3eg/shared/s3/names.ts";
import { SigningKeyCache } from "@s3eg/shared/s3/sigv4.ts";
import { type VerifiedSignature, verifySignature } from "@s3eg/shared/s3/sigv4-verify.ts";
import { Exchange } from "./exchange.ts";
import type { FaultSwitch, PlannedFault } from "./fault-switch.ts";
import { delay, faultyUpload } from "./faulty.ts";
import { findOperation } from "./inbox.ts";
import { S3Error, toS3Error } from "./s3/errors.ts";
import { refuseHeaders } from "./s3/refused-headers.ts";
import type { HeaderFields, Operation, Rooms, S3Answer, S3Request } from "./s3-request.ts";
import { randomId } from "./store/records.ts";
import { uploadBody } from "./upload-body.ts";

const CLOCK_SKEW_MS = 15 * 60 * 1000;
const MAX_HEADER_BYTES = 32 * 1024;
const MAX_UNEXPECTED_BODY_BYTES = 64 * 1024;

/** What the server works with besides its rooms. */
export interface ServerParts {
  readonly rooms: Rooms;
  readonly findSecret: (accessKey: string) => Secret | undefined;
  readonly faults: FaultSwitch;
  readonly log: Log;
}

/** The server, not yet listening. */
export function createS3Server(parts: ServerParts): Server {
  const signingKeys = new SigningKeyCache();
  const server = createServer({
    // The time of a whole upload is the client's affair; that of its head is not.
    requestTimeout: 0,
    headersTimeout: 30_000,
    keepAliveTimeout: 75_000,
    maxHeaderSize: MAX_HEADER_BYTES,
    noDelay: true,
  });
  const take =
    (expectsContinue: boolean) =>
    (request: IncomingMessage, response: ServerResponse): void => {
      const exchange = new Exchange(request, response, { id: randomId(), expectsContinue });
      handle(exchange, parts, signingKeys).catch((error: unknown) => {
        parts.log.error({ err: error, requestId: exchange.id }, "request could not be answered");
        exchange.cut();
      });
    };
  server.on("request", take(false));
  server.on("checkContinue", take(true));
  // An Expect that nobody knows is ignored, as S3 does; Node alone would answer 417.
  server.on("checkExpectation", take(false));
  return server;
}

async function handle(
  exchange: Exchange,
  parts: ServerParts,
  signingKeys: SigningKeyCache,
): Promise<void> {
  const facts: { op?: string; resource: string; fault?: PlannedFault | undefined } = {
    resource: "/",
  };
  try {
    const answer = await answerOf(exchange, { parts, signingKeys, facts });
    if (answer) await exchange.answer(answer, facts.fault);
    parts.log.debug({ op: facts.op, status: answer?.status, requestId: exchange.id }, "answered");
  } catch (error) {
    const s3Error = toS3Error(error);
    const { code, status } = s3Error;
    const line = { op: facts.op, status, code, requestId: exchange.id };
    if (status === 500 && exchange.isOpen) parts.log.error({ ...line, err: error }, "failed");
    else parts.log.debug(line, "refused");
    await exchange.answerError(s3Error, facts.resource);
  }
}

/** What to answer; undefined when the request is to hang. */
async function answerOf(
  exchange: Exchange,
  {
    parts,
    signingKeys,
    facts,
  }: {
    parts: ServerParts;
    signingKeys: SigningKeyCache;
    facts: { op?: string; resource: string; fault?: PlannedFault | undefined };
  },
): Promise<S3Answer | undefined> {
  const { rooms, findSecret } = parts;
  const method = exchange.request.method ?? "";
  const target = decodeTarget(exchange.request.url ?? "");
  facts.resource = target.rawPath;
  const lines = headerLines(exchange.request);
  const signature = verifySignature(
    { method, rawPath: target.rawPath, rawQuery: target.rawQuery, headers: lines },
    { findSecret, now: rooms.now(), clockSkewMs: CLOCK_SKEW_MS, signingKeys },
  );
  if (!signature) throw new S3Error("AccessDenied");
  const head = { id: exchange.id, method, target, headers: headerFields(lines), signature };
  const { operation, request, fault } = judge(exchange, head, parts);
  facts.op = operation.name;
  facts.fault = fault;
  if (fault?.kind === "hang") {
    await exchange.closed();
    return undefined;
  }
  if (fault?.kind === "status-503") throw new S3Error("SlowDown");
  await delay(fault);
  if (!operation.takesBody) await readUnexpectedBody(request);
  const answer = await operation.run(request, rooms);
  if (isBrokenBeforeHead(fault, answer)) {
    exchange.cut();
    return undefined;
  }
  return answer;
}

interface Head {
  readonly id: string;
  readonly method: string;
  readonly target: Target;
  readonly headers: HeaderFields;
  readonly signature: VerifiedSignature;
}

function judge(
  exchange: Exchange,
  { id, method, target, headers, signature }: Head,
  { rooms, faults }: ServerParts,
): { operation: Operation; request: S3Request; fault: PlannedFault | undefined } {
  const { bucket, key } = target;
  const query = new Map(parseQuery(target.rawQuery));
  const operation = findOperation({ method, bucket, key, query, headers });
  refuseHeaders(headers);
  if (!isKeyLengthAllowed(key)) throw new S3Error("KeyTooLongError");
  const fault = faults.take(method, bucket, key);
  const raw = exchange.withContinue(bodyOfReadable(exchange.request));
  const body = faultyUpload(raw, fault, () => exchange.cut());
  const { hasObjectChecksum = false } = operation;
  const upload = uploadBody(body, { headers, signature, hasObjectChecksum }, rooms.createDigest);
  return { operation, request: { id, method, bucket, key, query, headers, upload }, fault };
}

/** Bodies that an operation has no use for are read all the same, for what was promised about them. */
async function readUnexpectedBody({ upload }: S3Request): Promise<void> {
  await collectBody(
    upload.body,
    MAX_UNEXPECTED_BODY_BYTES,
    () => new S3Error("MaxMessageLengthExceeded"),
  );
}

function isBrokenBeforeHead(fault: PlannedFault | undefined, answer: S3Answer): boolean {
  const breaks = fault?.kind === "cut-response" || fault?.kind === "end-response";
  if (!breaks || (fault.afterBytes !== undefined && answer.bytes?.body)) return false;
  answer.bytes?.body?.destroy();
  return true;
}

function headerLines({ rawHeaders }: IncomingMessage): [name: string, value: string][] {
  const lines: [string, string][] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    lines.push([rawHeaders[at] ?? "", rawHeaders[at + 1] ?? ""]);
  }
  return lines;
}

const SINGLE_HEADERS: ReadonlySet<string> = new Set(["authorization", "content-length", "host"]);

/** One value for each name, as HTTP joins them. Throws InvalidRequest where two would be two requests to somebody else. */
function headerFields(lines: readonly (readonly [string, string])[]): HeaderFields {
  const fields = new Map<string, string>();
  for (const [name, value] of lines) {
    const lowerName = name.toLowerCase();
    const earlier = fields.get(lowerName);
    if (earlier !== undefined && SINGLE_HEADERS.has(lowerName)) {
      throw new S3Error("InvalidRequest", { message: `header ${lowerName} came twice` });
    }
    fields.set(lowerName, earlier === undefined ? value : `${earlier},${value}`);
  }
  return Object.fromEntries(fields);
}
