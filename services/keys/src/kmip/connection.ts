/** One TLS connection to a KMIP server: one question at a time, because answers carry no number before version 1.4. */
import { connect, type TLSSocket } from "node:tls";
import { Fault } from "@s3eg/shared/faults.ts";
import { errorCodeOf } from "@s3eg/shared/runtime/error-code.ts";
import type { KeyStoreTls } from "../custody/remote/key-store-http.ts";
import { TAG } from "./tags.ts";
import { announcedBytes, ITEM_HEADER_BYTES } from "./ttlv.ts";

/** Where a server is, and how both recognise each other. */
export interface KmipServer {
  readonly host: string;
  readonly port: number;
  readonly tls: KeyStoreTls;
}

/** Far more than any answer to our questions. */
const MAX_ANSWER_BYTES = 256 * 1024;
const STRUCTURE = 1;

/** A connection, open until it is destroyed, an exchange fails or the server ends it. */
export class KmipConnection {
  readonly #socket: TLSSocket;
  #received = Buffer.alloc(0);
  #waiting: { resolve(answer: Buffer): void; reject(cause: unknown): void } | undefined;
  #failure: unknown;

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("error", (error) => this.#end(error));
    socket.on("close", () => this.#end(new Error("connection was closed")));
  }

  /** Connects and shakes hands; `keys.unavailable` if that does not work. */
  static async open({ host, port, tls }: KmipServer, signal: AbortSignal): Promise<KmipConnection> {
    signal.throwIfAborted();
    const connected = Promise.withResolvers<void>();
    const socket = connect({
      host,
      port,
      ...(tls.ca ? { ca: tls.ca } : {}),
      ...(tls.cert ? { cert: tls.cert } : {}),
      ...(tls.key ? { key: tls.key } : {}),
      rejectUnauthorized: tls.verifies,
      minVersion: "TLSv1.2",
    });
    socket.setNoDelay(true);
    const abort = () => socket.destroy(new Error("time is up"));
    signal.addEventListener("abort", abort, { once: true });
    socket.once("secureConnect", connected.resolve);
    socket.once("error", connected.reject);
    socket.once("close", () => connected.reject(new Error("connection was closed")));
    try {
      await connected.promise;
      return new KmipConnection(socket);
    } catch (cause) {
      socket.destroy();
      throw away(cause);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** False once it has ended. */
  get isOpen(): boolean {
    return this.#failure === undefined;
  }

  /** Sends a message and gives the next one, whole. `keys.unavailable` if none comes; the connection is then over. */
  async exchange(request: Buffer, signal: AbortSignal): Promise<Buffer> {
    const answer = Promise.withResolvers<Buffer>();
    if (this.#failure !== undefined) throw away(this.#failure);
    this.#waiting = answer;
    const abort = () => this.#end(new Error("time is up"));
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    else this.#socket.write(request);
    try {
      return await answer.promise;
    } catch (cause) {
      throw away(cause);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** Ends it at once. */
  destroy(): void {
    this.#end(new Error("connection is not needed any more"));
  }

  #take(chunk: Buffer): void {
    const before = this.#received;
    this.#received = Buffer.concat([before, chunk]);
    before.fill(0);
    chunk.fill(0);
    const received = this.#received;
    if (!this.#waiting) {
      this.#end(new Error("server speaks without being asked"));
      return;
    }
    if (received.byteLength < ITEM_HEADER_BYTES) return;
    const isAnswer =
      received.readUIntBE(0, 3) === TAG.ResponseMessage && received.readUInt8(3) === STRUCTURE;
    const wanted = ITEM_HEADER_BYTES + announcedBytes(received);
    if (!isAnswer || wanted > MAX_ANSWER_BYTES || received.byteLength > wanted) {
      this.#end(new Error("server does not answer in KMIP"));
      return;
    }
    if (received.byteLength < wanted) return;
    this.#received = Buffer.alloc(0);
    const { resolve } = this.#waiting;
    this.#waiting = undefined;
    resolve(received);
  }

  #end(cause: unknown): void {
    this.#failure ??= cause;
    this.#socket.destroy();
    this.#received.fill(0);
    this.#waiting?.reject(cause);
    this.#waiting = undefined;
  }
}

function away(cause: unknown): Fault {
  const code = errorCodeOf(cause);
  const reason = code === undefined ? "" : ` (${code})`;
  return new Fault("keys.unavailable", `the key store cannot be reached${reason}`, { cause });
}
