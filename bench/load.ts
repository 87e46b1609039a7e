/** The client of the benchmark: signed requests over kept connections, a fixed number of them at a time. */
import { hash } from "node:crypto";
import { Pool } from "undici";
import type { S3Server } from "../e2e/servers/s3-server.ts";
import { SigningKeyCache, signRequest } from "../shared/src/s3/sigv4.ts";

/** What a PUT carries: whole, or in pieces that are sent one after the other. */
export interface Payload {
  readonly bytes: number;
  /** Hex SHA-256 of the whole, which is what the signature covers. */
  readonly sha256: string;
  /** A new body for one request. */
  body(): Buffer | AsyncIterable<Buffer>;
}

/** A payload held in memory. */
export function wholePayload(content: Buffer): Payload {
  return { bytes: content.length, sha256: hash("sha256", content), body: () => content };
}

/** Requests of one kind. */
export interface Load {
  readonly method: "PUT" | "GET";
  /** Of worker n of `parallel`, starting with a slash; its query, if any, behind it. */
  readonly path: (worker: number) => string;
  /** Sent by PUT; of GET only its size counts, against which every answer is checked. */
  readonly payload: Payload;
  readonly parallel: number;
  /** Enough is what comes first. */
  readonly until: { readonly seconds: number; readonly requests: number };
}

/** What was done. */
export interface Done {
  readonly requests: number;
  /** Plaintext bytes of bodies. */
  readonly bytes: number;
  readonly seconds: number;
}

/** Runs the load against a server. Throws when any answer is not a 200 with the right number of bytes. */
export async function runLoad(server: S3Server, load: Load): Promise<Done> {
  const pool = new Pool(server.endpoint, {
    connections: load.parallel,
    pipelining: 1,
    headersTimeout: 120_000,
    bodyTimeout: 120_000,
  });
  const sign = signerFor(server, load.method, load.payload);
  const start = performance.now();
  const deadline = start + load.until.seconds * 1000;
  let started = 0;
  let finished = 0;
  const work = async (worker: number): Promise<void> => {
    const path = load.path(worker);
    while (started < load.until.requests && performance.now() < deadline) {
      started += 1;
      await exchange(pool, load, { path, headers: sign(path) });
      finished += 1;
    }
  };
  try {
    await Promise.all(Array.from({ length: load.parallel }, (_, worker) => work(worker)));
    const seconds = (performance.now() - start) / 1000;
    return { requests: finished, bytes: finished * load.payload.bytes, seconds };
  } finally {
    await pool.destroy();
  }
}

type Headers = Record<string, string>;

/** Signs requests by path; `payload` is what a PUT carries. */
export function signerFor(
  server: S3Server,
  method: Load["method"],
  payload?: Payload,
): (path: string) => Headers {
  const signingKeys = new SigningKeyCache();
  const scope = { date: "", region: server.region, service: "s3" };
  const { host } = new URL(server.endpoint);
  const sent = method === "PUT" ? payload : undefined;
  const fixed: Headers = { host, ...(sent ? { "content-length": String(sent.bytes) } : {}) };
  const payloadHash = sent?.sha256 ?? hash("sha256", "");
  return (path) => {
    const [rawPath = "", rawQuery = ""] = path.split("?");
    const request = { method, rawPath, rawQuery, headers: Object.entries(fixed) };
    const signer = { ...scope, ...server, now: new Date(), payloadHash, signingKeys };
    return { ...fixed, ...signRequest(request, signer) };
  };
}

function exchange(
  pool: Pool,
  { method, payload }: Load,
  { path, headers }: { path: string; headers: Headers },
): Promise<void> {
  const wanted = method === "GET" ? payload.bytes : 0;
  return new Promise((resolve, reject) => {
    let status = 0;
    let bytes = 0;
    const body = method === "PUT" ? payload.body() : null;
    pool.dispatch(
      { method, path, headers, body: body as Buffer | null },
      {
        onRequestStart() {},
        onResponseStart(_controller, statusCode) {
          status = statusCode;
        },
        onResponseData(_controller, piece) {
          bytes += piece.length;
        },
        onResponseEnd() {
          if (status === 200 && bytes === wanted) resolve();
          else reject(new Error(`${method} ${path}: status ${status}, ${bytes} bytes`));
        },
        onResponseError(_controller, error) {
          reject(error);
        },
      },
    );
  });
}
