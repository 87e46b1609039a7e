/** A client that signs by hand and tells exactly what came over the wire, also where an SDK would only say "failed". */
import { createHash } from "node:crypto";
import { type Agent, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import type { Readable } from "node:stream";
import { Secret } from "../../shared/src/runtime/secret.ts";
import { encodeKey } from "../../shared/src/s3/names.ts";
import { signRequest } from "../../shared/src/s3/sigv4.ts";

/** One request. */
export interface Sending {
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Sent instead of `body`, as it comes; `headers` must say how long it is. */
  readonly stream?: Readable;
  /** What `x-amz-content-sha256` says; default: the hash of `body`. */
  readonly payloadHash?: string;
  readonly now?: Date;
  readonly accessKey?: string;
  readonly secretKey?: string;
  /** Changes the signed headers before they are sent. */
  readonly spoil?: (headers: Record<string, string>) => void;
  readonly isSigned?: boolean;
  readonly agent?: Agent;
  readonly signal?: AbortSignal;
}

/** What came back, as far as it came. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  /** False if the connection broke off before the body was whole. */
  readonly isWhole: boolean;
  readonly text: string;
  /** The code of an S3 error, `""` where there is none. */
  readonly code: string;
}

/** A client of one endpoint. */
export interface WireClient {
  send(method: string, path: string, sending?: Sending): Promise<Answer>;
  /** Resolves when the head of the answer is there; its body has not been read. */
  open(method: string, path: string, sending?: Sending): Promise<IncomingMessage>;
  /** The head of a request, signed, for tests that write to the socket themselves. */
  head(method: string, path: string, sending?: Sending): string;
  /** Every signature that was sent. */
  readonly signatures: readonly string[];
}

/** A client with a key pair. */
export function wireClientOf(
  port: number,
  keys: { accessKey: string; secretKey: string },
): WireClient {
  const signatures: string[] = [];
  const signed = (method: string, path: string, sending: Sending) => {
    const headers = headersOf({ method, path, host: `127.0.0.1:${port}`, keys }, sending);
    const signature = /Signature=([0-9a-f]{64})/.exec(headers.authorization ?? "")?.[1];
    if (signature) signatures.push(signature);
    return headers;
  };
  const open = (method: string, path: string, sending: Sending = {}) => {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const target = sending.query === undefined ? path : `${path}?${sending.query}`;
    const headers = signed(method, path, sending);
    const { agent = false, signal, stream, body = "" } = sending;
    const sent = request({ host: "127.0.0.1", port, method, path: target, headers, agent, signal });
    sent.on("response", resolve).on("error", reject);
    if (stream) {
      sent.flushHeaders();
      // What the gateway does not take any more is no failure of the test.
      stream.on("error", () => sent.destroy());
      stream.pipe(sent);
    } else sent.end(Buffer.from(body));
    return promise;
  };
  return {
    signatures,
    open,
    head: (method, path, sending = {}) => {
      const lines = Object.entries(signed(method, path, sending));
      const fields = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
      return `${method} ${path} HTTP/1.1\r\n${fields}\r\n`;
    },
    send: async (method, path, sending) => await received(await open(method, path, sending)),
  };
}

/** The path of an object, percent-encoded. */
export function pathOf(bucket: string, key: string): string {
  return `/${bucket}/${encodeKey(key)}`;
}

/** Reads an answer to its end, whatever that is. */
export async function received(response: IncomingMessage): Promise<Answer> {
  const pieces: Buffer[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  response.on("data", (piece: Buffer) => pieces.push(piece));
  response.on("error", () => undefined).on("close", resolve);
  await promise;
  const bytes = Buffer.concat(pieces);
  const text = bytes.toString("utf8");
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    bytes,
    isWhole: response.complete,
    text,
    code: /<Error>.*?<Code>([^<]*)<\/Code>/s.exec(text)?.[1] ?? "",
  };
}

function headersOf(
  asked: {
    method: string;
    path: string;
    host: string;
    keys: { accessKey: string; secretKey: string };
  },
  sending: Sending,
): Record<string, string> {
  const { method, path, host, keys } = asked;
  const { body = "", query = "", now = new Date(), isSigned = true } = sending;
  const hasBody = method === "PUT" || method === "POST";
  const length =
    hasBody && !sending.stream ? { "content-length": `${Buffer.byteLength(body)}` } : {};
  const headers: Record<string, string> = { host, ...length, ...sending.headers };
  if (isSigned) {
    const { accessKey = keys.accessKey, secretKey = keys.secretKey } = sending;
    const payloadHash = sending.payloadHash ?? createHash("sha256").update(body).digest("hex");
    Object.assign(
      headers,
      signRequest(
        { method, rawPath: path, rawQuery: query, headers: Object.entries(headers) },
        { accessKey, secretKey: new Secret(secretKey), region: "us-east-1", payloadHash, now },
      ),
    );
  }
  sending.spoil?.(headers);
  return headers;
}
