/**
 * S3 requests by hand, signed with SigV4 by code of the tests' own: for what an SDK does not send, and so that a server is not
 * judged by the code it was written with.
 */
import { createHash, createHmac } from "node:crypto";
import { type ClientRequest, request as httpRequest, type IncomingHttpHeaders } from "node:http";
import type { S3Keys } from "../servers/s3-server.ts";

/** A server, and who signs. */
export interface Signer extends S3Keys {
  readonly endpoint: string;
}

/** A request to be signed; `path` is as on the wire, percent-encoded, query and all. */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as they are; several are sent with `Transfer-Encoding: chunked`, one (or none) with Content-Length. */
  readonly body?: string | Uint8Array | readonly Uint8Array[];
  /** Value of x-amz-content-sha256; the body's own by default. */
  readonly payloadHash?: string;
}

/** An answer, read whole. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The S3 error code in the body, `""` where there is none. */
  readonly code: string;
  /** True if `100 Continue` came before. */
  readonly hadContinue: boolean;
}

/** A signed request, ready to be sent. */
export interface Signed {
  readonly headers: Record<string, string>;
  readonly signature: string;
  readonly timestamp: string;
  readonly scope: string;
}

/** Signs and sends. */
export async function sendRaw(signer: Signer, raw: RawRequest): Promise<RawAnswer> {
  return await sendUnsigned(signer, { ...raw, headers: signRaw(signer, raw).headers });
}

/** Sends a request as it is, without signing it. */
export async function sendUnsigned({ endpoint }: Signer, raw: RawRequest): Promise<RawAnswer> {
  const { hostname, port } = new URL(endpoint);
  const request = httpRequest({
    hostname,
    port,
    method: raw.method,
    path: raw.path,
    agent: false,
    headers: { ...raw.headers },
  });
  const answer = answerOf(request);
  let hadContinue = false;
  if (raw.headers?.expect === undefined) writeBody(request, raw.body);
  else {
    request.flushHeaders();
    request.once("continue", () => {
      hadContinue = true;
      writeBody(request, raw.body);
    });
  }
  return { ...(await answer), hadContinue };
}

function writeBody(request: ClientRequest, body: RawRequest["body"]): void {
  for (const piece of piecesOf(body)) request.write(piece);
  request.end();
}

/** Signs the headers of a request. */
export function signRaw(signer: Signer, raw: RawRequest): Signed {
  const timestamp = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const scope = `${timestamp.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const payloadHash = raw.payloadHash ?? sha256(Buffer.concat(piecesOf(raw.body)));
  const headers: Record<string, string> = {
    ...raw.headers,
    host: new URL(signer.endpoint).host,
    "x-amz-date": timestamp,
    "x-amz-content-sha256": payloadHash,
  };
  const hasLength = !Array.isArray(raw.body);
  if (hasLength && raw.method !== "GET" && raw.method !== "HEAD") {
    headers["content-length"] ??= `${Buffer.concat(piecesOf(raw.body)).length}`;
  }
  const names = Object.keys(headers)
    .filter((name) => name !== "expect" && name !== "content-length")
    .sort();
  const [path = "", query = ""] = raw.path.split("?");
  const canonical = [
    raw.method,
    path,
    canonicalQuery(query),
    ...names.map((name) => `${name}:${(headers[name] ?? "").trim()}`),
    "",
    names.join(";"),
    payloadHash,
  ].join("\n");
  const signature = sign(signer, { timestamp, scope, canonical });
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${signer.accessKey}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
  return { headers, signature, timestamp, scope };
}

/** A presigned path: `path` with the parameters that sign it. `signedAt` is now by default. */
export function presignPath(
  signer: Signer,
  { method, path }: { method: string; path: string },
  { expiresSeconds = 60, signedAt = new Date() } = {},
): string {
  const timestamp = signedAt.toISOString().replace(/[-:]|\.\d+/g, "");
  const scope = `${timestamp.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const [bare = "", own = ""] = path.split("?");
  const signing = new URLSearchParams({
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": `${signer.accessKey}/${scope}`,
    "X-Amz-Date": timestamp,
    "X-Amz-Expires": `${expiresSeconds}`,
    "X-Amz-SignedHeaders": "host",
  }).toString();
  const query = own === "" ? signing : `${own}&${signing}`;
  const host = `host:${new URL(signer.endpoint).host}`;
  const canonical = [method, bare, canonicalQuery(query), host, "", "host", "UNSIGNED-PAYLOAD"];
  const signature = sign(signer, { timestamp, scope, canonical: canonical.join("\n") });
  return `${bare}?${query}&X-Amz-Signature=${signature}`;
}

/** Frames bytes as signed aws-chunks; with a trailer in the form that is signed too. */
export function signedChunks(
  signer: Signer,
  { signature, timestamp, scope }: Signed,
  { pieces, trailer }: { pieces: readonly Uint8Array[]; trailer?: readonly [string, string] },
): Buffer {
  const key = signingKey(signer, scope);
  const empty = sha256(Buffer.alloc(0));
  const frames: Uint8Array[] = [];
  let previous = signature;
  for (const piece of [...pieces, Buffer.alloc(0)]) {
    const text = ["AWS4-HMAC-SHA256-PAYLOAD", timestamp, scope, previous, empty, sha256(piece)];
    previous = hmac(key, text.join("\n")).toString("hex");
    const head = `${piece.length.toString(16)};chunk-signature=${previous}\r\n`;
    frames.push(Buffer.from(head), piece);
    if (piece.length > 0 || !trailer) frames.push(Buffer.from("\r\n"));
  }
  if (trailer) {
    const line = `${trailer[0]}:${trailer[1]}`;
    const hash = sha256(Buffer.from(`${line}\n`));
    const text = ["AWS4-HMAC-SHA256-TRAILER", timestamp, scope, previous, hash].join("\n");
    const trailerSignature = hmac(key, text).toString("hex");
    frames.push(Buffer.from(`${line}\r\nx-amz-trailer-signature:${trailerSignature}\r\n\r\n`));
  }
  return Buffer.concat(frames);
}

/** Frames bytes as unsigned aws-chunks with a trailer. */
export function unsignedChunks(
  pieces: readonly Uint8Array[],
  trailer: readonly [string, string],
): Buffer {
  const frames = pieces.flatMap((piece) => [
    Buffer.from(`${piece.length.toString(16)}\r\n`),
    piece,
    Buffer.from("\r\n"),
  ]);
  return Buffer.concat([...frames, Buffer.from(`0\r\n${trailer[0]}:${trailer[1]}\r\n\r\n`)]);
}

async function answerOf(request: ClientRequest): Promise<Omit<RawAnswer, "hadContinue">> {
  return await new Promise((resolve, reject) => {
    request.on("error", reject);
    request.on("response", (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("error", reject);
      response.on("end", () => {
        const body = Buffer.concat(pieces);
        const code = /<Error>.*?<Code>([^<]*)<\/Code>/s.exec(body.toString("utf8"))?.[1] ?? "";
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body, code });
        request.destroy();
      });
    });
  });
}

function piecesOf(body: RawRequest["body"]): Uint8Array[] {
  if (body === undefined) return [];
  if (typeof body === "string") return [Buffer.from(body)];
  return body instanceof Uint8Array ? [body] : [...body];
}

function canonicalQuery(query: string): string {
  return query
    .split("&")
    .filter((part) => part !== "")
    .map((part) => (part.includes("=") ? part : `${part}=`))
    .sort()
    .join("&");
}

function sign(
  signer: Signer,
  { timestamp, scope, canonical }: { timestamp: string; scope: string; canonical: string },
): string {
  // latin-1: one character of a header is one byte of the wire.
  const hash = sha256(Buffer.from(canonical, "latin1"));
  const text = ["AWS4-HMAC-SHA256", timestamp, scope, hash].join("\n");
  return hmac(signingKey(signer, scope), text).toString("hex");
}

function signingKey({ secretKey }: Signer, scope: string): Buffer {
  return scope
    .split("/")
    .reduce<Buffer>((key, step) => hmac(key, step), Buffer.from(`AWS4${secretKey}`));
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
