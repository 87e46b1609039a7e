/** HTTP/1.1 over a bare socket (RFC 9112): the request's bytes as they were written down, the answer's header fields as they came. */
import { connect } from "node:net";

/** An answer, read whole; names in lower case, values with all their bytes as latin-1. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/** A request whose head is already text. */
export interface WireRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

const TIMEOUT_MS = 30_000;

/** Sends one request on a connection of its own. Rejects where the answer is no HTTP or does not end properly. */
export async function exchange(endpoint: string, request: WireRequest): Promise<WireAnswer> {
  const { hostname, port } = new URL(endpoint);
  const head = [
    `${request.method} ${request.target} HTTP/1.1`,
    ...Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`),
  ];
  const bytes = Buffer.concat([
    Buffer.from(`${head.join("\r\n")}\r\n\r\n`, "latin1"),
    request.body,
  ]);
  return await new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    let received = Buffer.alloc(0);
    const settle = (hasEnded: boolean): void => {
      try {
        const answer = parseAnswer(received, { method: request.method, hasEnded });
        if (answer === undefined) return;
        socket.destroy();
        resolve(answer);
      } catch (error) {
        socket.destroy();
        reject(error as Error);
      }
    };
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error("no answer in time")));
    socket.on("data", (piece) => {
      received = Buffer.concat([received, piece]);
      settle(false);
    });
    socket.on("end", () => settle(true));
    socket.on("error", reject);
    socket.on("close", () =>
      reject(new Error(`connection closed: ${received.toString("latin1")}`)),
    );
  });
}

/** The answer if all of it is there; undefined if more must come. */
function parseAnswer(
  bytes: Buffer,
  { method, hasEnded }: { method: string; hasEnded: boolean },
): WireAnswer | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [line = "", ...fields] = bytes.subarray(0, end).toString("latin1").split("\r\n");
  const status = Number(/^HTTP\/1\.1 (\d{3})(?: |$)/.exec(line)?.[1]);
  if (Number.isNaN(status)) throw new Error(`no status line: ${line}`);
  const rest = bytes.subarray(end + 4);
  if (status < 200) return parseAnswer(rest, { method, hasEnded });
  const headers = fields.map(splitField);
  const body = bodyOf(rest, { method, status, headers, hasEnded });
  return body && { status, headers, body };
}

function splitField(line: string): readonly [string, string] {
  const colon = line.indexOf(":");
  if (colon <= 0) throw new Error(`no header field: ${line}`);
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

/** The body by the rules of RFC 9112 §6.3; undefined while it is not complete. */
function bodyOf(
  rest: Buffer,
  answer: Pick<WireAnswer, "status" | "headers"> & { method: string; hasEnded: boolean },
): Buffer | undefined {
  if (answer.method === "HEAD" || answer.status === 204 || answer.status === 304) {
    return Buffer.alloc(0);
  }
  const fields = new Map(answer.headers);
  if (fields.get("transfer-encoding") === "chunked") return unchunked(rest);
  const length = fields.get("content-length");
  if (length === undefined) return answer.hasEnded ? rest : undefined;
  return rest.length < Number(length) ? undefined : rest.subarray(0, Number(length));
}

function unchunked(bytes: Buffer): Buffer | undefined {
  const pieces: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = bytes.indexOf("\r\n", at);
    if (end < 0) return undefined;
    const size = Number.parseInt(bytes.subarray(at, end).toString("latin1"), 16);
    if (Number.isNaN(size)) throw new Error("no chunk size");
    if (bytes.length < end + 2 + size + 2) return undefined;
    if (size === 0) return Buffer.concat(pieces);
    pieces.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}
