/** An edge on a free port, with stand-ins for the other services, a client that signs, and a socket for what no client would send. */
import { hash } from "node:crypto";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { type OperationDone, operationDone } from "@s3eg/shared/contracts/audit.ts";
import { SUITE } from "@s3eg/shared/format/layout.ts";
import { LocalTransfers } from "@s3eg/shared/http/local-transfer.ts";
import type { AdmissionLimits } from "@s3eg/shared/runtime/admission.ts";
import { loadConfig } from "@s3eg/shared/runtime/config.ts";
import { Health } from "@s3eg/shared/runtime/health.ts";
import type { Log, LogFields } from "@s3eg/shared/runtime/log.ts";
import { openAdmission } from "@s3eg/shared/runtime/measured-admission.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import type { Tracing } from "@s3eg/shared/runtime/tracing.ts";
import { EMPTY_SHA256, presign, signRequest } from "@s3eg/shared/s3/sigv4.ts";
import { parseXml, type XmlElement } from "@s3eg/shared/s3/xml.ts";
import { z } from "zod";
import type { AuditDuty } from "../src/audit-trail.ts";
import { Credentials, type Principal } from "../src/auth/credentials.ts";
import { type BucketPolicy, Policies, type PolicyRule } from "../src/auth/policy.ts";
import { EVERYTHING } from "../src/auth/rights.ts";
import { edgeSettings } from "../src/config.ts";
import { startEdge } from "../src/main.ts";
import { MemoryBackend } from "./memory-backend.ts";
import { RawClient } from "./raw-client.ts";
import { serveCrypto, serveDescriptions, serveKeys } from "./stand-in-services.ts";

/** The policy where no rule says otherwise. */
export const STANDARD: BucketPolicy = {
  id: "default",
  contents: "sealed",
  suite: SUITE.aes256Gcm,
  etag: "opaque",
  checksum: "client",
};

const PLACES = {
  maxBytes: 2 ** 28,
  maxRequests: 1000,
  maxWaitingBytes: 2 ** 26,
  maxWaitMs: 10_000,
};

/** The secret of every credential. */
export const SECRET = new Secret("secret-of-the-test");

/** A line of the log. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

/** A log that keeps its lines. */
export function keptLog(lines: LogLine[] = []): Log & { readonly lines: LogLine[] } {
  const at = (level: string) => (fields: LogFields, message: string) => {
    lines.push({ level, message, fields });
  };
  const log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error"), lines };
  return { ...log, child: () => keptLog(lines) };
}

/** A request; `path` as on the wire. */
export interface Sending {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Default: the SHA-256 of the body. */
  readonly payloadHash?: string;
  readonly accessKey?: string;
}

/** An answer, read whole. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly code: string | undefined;
  xml(): XmlElement;
}

/** Starts an edge. `env` holds settings; `rules` are policies. */
export async function runningEdge(
  options: {
    env?: Record<string, string>;
    rules?: PolicyRule[];
    graceMs?: number;
    /** More callers, with the secret of all. */
    principals?: readonly Principal[];
    audit?: AuditDuty;
    needsEqualParts?: boolean;
    places?: Partial<AdmissionLimits>;
    tracing?: Tracing;
  } = {},
) {
  const log = keptLog();
  const bus = new MemoryBus({ log });
  const backend = new MemoryBackend();
  const transfers = new LocalTransfers({ log });
  const crypto = serveCrypto(transfers, backend);
  serveKeys(bus);
  serveDescriptions(bus, backend);
  const done: OperationDone[] = [];
  bus.subscribe(operationDone, (fact) => done.push(fact));
  const health = new Health({ version: "1.0.0", log });
  health.markReady();
  const metrics = createMetrics();
  const edge = await startEdge({
    config: loadConfig(z.strictObject(edgeSettings), { env: options.env ?? {} }),
    listen: { host: "127.0.0.1", port: 0 },
    credentials: new Credentials([
      { accessKey: "AK", secretKey: SECRET, label: "tester", rights: EVERYTHING },
      { accessKey: "AK2", secretKey: SECRET, identity: "BK2", rights: EVERYTHING },
      ...(options.principals ?? []).map((principal) => ({ ...principal, secretKey: SECRET })),
    ]),
    policies: new Policies(options.rules ?? [], STANDARD),
    bus,
    crypto: transfers,
    backend,
    session: undefined,
    log,
    metrics,
    hasOwnMetricsPort: false,
    audit: options.audit,
    needsEqualParts: options.needsEqualParts ?? false,
    tracing: options.tracing,
    places: openAdmission({ ...PLACES, ...options.places }, metrics),
    health,
    graceMs: options.graceMs ?? 1000,
  });
  const { port } = edge;
  return {
    port,
    log,
    bus,
    backend,
    transfers,
    crypto,
    done,
    health,
    metrics,
    stop: () => edge[Symbol.asyncDispose](),
    send: (sending: Sending) => exchange(port, sending, signedHeaders(port, sending)),
    sendUnsigned: (sending: Sending) => exchange(port, sending, sending.headers ?? {}),
    sign: (sending: Sending) => signedHeaders(port, sending),
    presigned: (sending: Sending) => presignedPath(port, sending),
    head: (sending: Sending) => headText(sending, signedHeaders(port, sending)),
    connect: () => RawClient.connect(port),
    async [Symbol.asyncDispose]() {
      await edge[Symbol.asyncDispose]();
      await bus.drain();
    },
  };
}

function signedHeaders(port: number, sending: Sending): Record<string, string> {
  const { method, path, headers = {}, body, accessKey = "AK" } = sending;
  const [rawPath = "", ...queries] = path.split("?");
  const length =
    body === undefined || Object.hasOwn(headers, "transfer-encoding")
      ? {}
      : { "content-length": String(Buffer.byteLength(body)) };
  const all: Record<string, string> = { host: `127.0.0.1:${port}`, ...length, ...headers };
  const payloadHash =
    sending.payloadHash ?? (body === undefined ? EMPTY_SHA256 : hash("sha256", body));
  const signable = { method, rawPath, rawQuery: queries.join("?"), headers: Object.entries(all) };
  const signer = { accessKey, secretKey: SECRET, region: "us-east-1", now: new Date() };
  return { ...all, ...signRequest(signable, { ...signer, payloadHash }) };
}

function presignedPath(port: number, sending: Sending): string {
  const { method, path, headers = {}, accessKey = "AK" } = sending;
  const [rawPath = "", rawQuery = ""] = path.split("?");
  const host = { host: `127.0.0.1:${port}`, ...headers };
  const signable = { method, rawPath, rawQuery, headers: Object.entries(host) };
  const signer = { accessKey, secretKey: SECRET, region: "us-east-1", now: new Date() };
  return `${rawPath}?${presign(signable, { ...signer, expiresSeconds: 60 })}`;
}

function headText({ method, path }: Sending, headers: Record<string, string>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

async function exchange(
  port: number,
  { method, path, body }: Sending,
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  const request = httpRequest({ host: "127.0.0.1", port, method, path, headers, agent: false });
  // A string would take the head along into its own encoding; bytes leave the head latin-1.
  request.end(body === undefined ? undefined : Buffer.from(body));
  const answered = Promise.withResolvers<Answer>();
  request.on("error", answered.reject);
  request.on("response", (response) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (piece: string) => {
      text += piece;
    });
    response.on("error", answered.reject);
    response.on("end", () => {
      const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1];
      const status = response.statusCode ?? 0;
      answered.resolve({
        status,
        headers: response.headers,
        text,
        code,
        xml: () => parseXml(text),
      });
    });
  });
  return await answered.promise;
}
