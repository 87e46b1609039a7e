/** A dev-store on a free port with a folder of its own, and a client that signs by hand. */

import { createHash } from "node:crypto";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { signRequest } from "@s3eg/shared/s3/sigv4.ts";
import { parseXml, type XmlElement } from "@s3eg/shared/s3/xml.ts";
import { startDevStore } from "../src/main.ts";
import { scratchFolder } from "./store/scratch-store.ts";

/** A request; `path` as on the wire. */
export interface Sending {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** False: sent without a signature. */
  readonly isSigned?: boolean;
}

/** An answer, read whole. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The code of an error, `undefined` where there is none. */
  readonly code: string | undefined;
  xml(): XmlElement;
}

const SECRET = new Secret("secret-of-the-test");

/** Lines of the log, for tests that look. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
}

/** A log that keeps its lines. */
export function keptLog(): Log & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at = (level: string) => (_fields: unknown, message: string) => {
    lines.push({ level, message });
  };
  const log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error"), lines };
  return { ...log, child: () => keptLog() };
}

/** Starts a dev-store that has the bucket `photos`. */
export async function runningStore() {
  const scratch = await scratchFolder();
  const log = keptLog();
  const store = await startDevStore({
    folder: scratch.folder,
    host: "127.0.0.1",
    port: 0,
    credentials: [{ accessKey: "AK", secretKey: SECRET }],
    log,
  });
  const send = (method: string, path: string, sending: Sending = {}) =>
    sendTo(store.endpoint, { method, path, ...sending });
  await send("PUT", "/photos");
  return {
    store,
    log,
    folder: scratch.folder,
    send,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await scratch[Symbol.asyncDispose]();
    },
  };
}

/** The headers that sign a request. */
export function signedHeaders(
  endpoint: URL,
  { method, path, headers = {}, body = "" }: Sending & { method: string; path: string },
): Record<string, string> {
  const [rawPath = "", rawQuery = ""] = path.split("?");
  const length =
    method === "GET" || method === "HEAD" ? {} : { "content-length": `${Buffer.byteLength(body)}` };
  const all: Record<string, string> = { host: endpoint.host, ...length, ...headers };
  const payloadHash =
    headers["x-amz-content-sha256"] ?? createHash("sha256").update(body).digest("hex");
  return {
    ...all,
    ...signRequest(
      { method, rawPath, rawQuery, headers: Object.entries(all) },
      { accessKey: "AK", secretKey: SECRET, region: "us-east-1", now: new Date(), payloadHash },
    ),
  };
}

async function sendTo(
  endpoint: URL,
  sending: Sending & { method: string; path: string },
): Promise<Answer> {
  const { method, path, body, isSigned = true } = sending;
  const headers = isSigned ? signedHeaders(endpoint, sending) : { ...sending.headers };
  const { hostname, port } = endpoint;
  return await new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, method, path, headers, agent: false });
    request.on("error", reject);
    request.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (piece: string) => {
        text += piece;
      });
      response.on("error", reject);
      response.on("end", () => {
        const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1];
        const status = response.statusCode ?? 0;
        resolve({ status, headers: response.headers, text, code, xml: () => parseXml(text) });
      });
    });
    // A string would take the head along into its own encoding; bytes leave the head latin-1.
    request.end(Buffer.from(body ?? ""));
  });
}
