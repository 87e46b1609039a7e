/** HTTP to a key store: one request, one bounded answer, no redirects. Bodies are bytes, so that they can be wiped. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { SecureContextOptions } from "node:tls";
import { Fault } from "@s3eg/shared/faults.ts";
import { errorCodeOf } from "@s3eg/shared/runtime/error-code.ts";

/** How the server is recognised, and how it recognises us. */
export interface KeyStoreTls {
  /** PEM; absent: the system's authorities. */
  readonly ca?: Buffer | undefined;
  readonly cert?: Buffer | undefined;
  readonly key?: Buffer | undefined;
  /** False: any certificate is taken. */
  readonly verifies: boolean;
}

/** A request. Nothing in it comes from an object's header but bytes of the body. */
export interface KeyStoreRequest {
  readonly method: "GET" | "POST";
  /** From the root of the server, with the query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The caller wipes it. */
  readonly body?: Uint8Array;
}

/** The whole answer. The caller wipes the body where it holds key material. */
export interface KeyStoreAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** Far more than any key store has to say to one question. */
const MAX_ANSWER_BYTES = 256 * 1024;
const MAX_SOCKETS = 64;

/** Connections to one server, kept open between requests. */
export class KeyStoreHttp implements AsyncDisposable {
  readonly #origin: URL;
  readonly #agent: HttpAgent | HttpsAgent;

  /** `origin` gives scheme, host and port. */
  constructor(origin: URL, tls: KeyStoreTls = { verifies: true }) {
    this.#origin = origin;
    const kept = { keepAlive: true, maxSockets: MAX_SOCKETS, scheduling: "lifo" } as const;
    this.#agent =
      origin.protocol === "https:"
        ? new HttpsAgent({
            ...kept,
            ...credentialsOf(tls),
            rejectUnauthorized: tls.verifies,
            minVersion: "TLSv1.2",
            // Some servers refuse to resume a session with a client certificate.
            maxCachedSessions: 0,
          })
        : new HttpAgent(kept);
  }

  /** Any status is an answer; `keys.unavailable` where there is none, or one that is too long or cut short. */
  async send(asked: KeyStoreRequest, signal: AbortSignal): Promise<KeyStoreAnswer> {
    const chunks: Buffer[] = [];
    try {
      const response = await this.#exchange(asked, signal);
      let length = 0;
      for await (const chunk of response as AsyncIterable<Buffer>) {
        chunks.push(chunk);
        length += chunk.byteLength;
        if (length > MAX_ANSWER_BYTES) throw new Error("the answer is too long");
      }
      return { status: response.statusCode ?? 0, body: Buffer.concat(chunks) };
    } catch (cause) {
      const code = errorCodeOf(cause);
      const reason = code === undefined ? "" : ` (${code})`;
      throw new Fault("keys.unavailable", `the key store cannot be reached${reason}`, { cause });
    } finally {
      for (const chunk of chunks) chunk.fill(0);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    await Promise.resolve();
  }

  async #exchange(
    { method, path, headers, body }: KeyStoreRequest,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const send = this.#origin.protocol === "https:" ? httpsRequest : httpRequest;
    const request = send(
      new URL(path, this.#origin),
      {
        method,
        agent: this.#agent,
        signal,
        headers: {
          ...headers,
          ...(body ? { "content-length": body.byteLength } : {}),
        },
      },
      resolve,
    );
    request.on("error", reject);
    request.end(body);
    return await promise;
  }
}

function credentialsOf({ ca, cert, key }: KeyStoreTls): SecureContextOptions {
  return { ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) };
}
