/**
 * One HTTP/1.1 connection for bulk bytes, one exchange at a time. It reads into buffers of its own choice (`onread`) instead of
 * taking a new Buffer from the runtime for each read, which halves the cost of large bodies.
 */
import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from "node:net";
import { connect as connectTls, type SecureContext, type TLSSocket } from "node:tls";
import { BulkExchange, type ExchangePhase } from "./bulk-exchange.ts";
import { BulkUpload } from "./bulk-upload.ts";
import { abortReason, lostExchange, type WireRequest, type WireResponse } from "./carrier.ts";
import type { ReadBuffers } from "./read-buffers.ts";

const SMALL_BUFFER_BYTES = 64 * 1024;
/** What TLS may still hand over after reading was stopped comes in pieces of at most one record. */
const SPARE_BUFFER_BYTES = 16 * 1024;
/** What a server said before it reset the connection is already here, or never comes. */
const LAST_WORDS_MS = 1000;

/** Time limits, in milliseconds: connecting with TLS and all; from the sent request to the head of the answer; without any byte moving. */
export interface BackendTimeouts {
  readonly connectMs: number;
  readonly headersMs: number;
  readonly idleMs: number;
}

/** How TLS is spoken. */
export interface TlsSettings {
  readonly secureContext: SecureContext;
  readonly rejectUnauthorized: boolean;
}

/** Where to connect and how. */
export interface ConnectionSettings {
  readonly host: string;
  readonly port: number;
  /** Absent: plain TCP. */
  readonly tls?: TlsSettings;
  readonly timeouts: BackendTimeouts;
  /** How long an unused connection is kept, in milliseconds. */
  readonly keepIdleMs: number;
  readonly buffers: ReadBuffers;
}

/** What the owner of a connection is told. */
export interface ConnectionWatcher {
  /** It is ready for another exchange. */
  released(connection: BulkConnection): void;
  /** It is gone. Comes once, after an `open` that succeeded. */
  closed(connection: BulkConnection): void;
}

/** A connection. Opened by `BulkConnection.open`, closed by `destroy`, by the server, or by an exchange that left it in doubt. */
export class BulkConnection {
  readonly #settings: ConnectionSettings;
  readonly #watcher: ConnectionWatcher;
  readonly #socket: Socket;
  readonly #small = Buffer.allocUnsafeSlow(SMALL_BUFFER_BYTES);
  #current: Buffer = this.#small;
  #lent: Buffer | undefined;
  #spare: Buffer | undefined;
  #exchange: BulkExchange | undefined;
  #uses = 0;
  #hasEnded = false;

  private constructor(settings: ConnectionSettings, watcher: ConnectionWatcher) {
    this.#settings = settings;
    this.#watcher = watcher;
    const onread: OnReadOpts & { buffer: () => Buffer } = {
      // Asked at once for the first buffer, then after each read; what is not a buffer means "the same again".
      buffer: () => this.#nextBuffer(),
      callback: (bytes) => this.#onRead(bytes),
    };
    this.#socket = createSocket(settings, onread);
    reportFailedWrites(this.#socket, (error) => this.#exchange?.writeFailed(error));
  }

  /** Connects. Rejects with `backend.unavailable` (phase `connect`) or the reason of the signal. */
  static open(
    settings: ConnectionSettings,
    watcher: ConnectionWatcher,
    signal?: AbortSignal,
  ): Promise<BulkConnection> {
    return new BulkConnection(settings, watcher).#opened(signal);
  }

  /** True if another exchange may start. */
  get isUsable(): boolean {
    return !(this.#exchange || this.#hasEnded || this.#socket.destroyed);
  }

  /** Sends a request, whose head is `head`. The connection must be usable. */
  exchange(request: WireRequest, head: Buffer): Promise<WireResponse> {
    const isReused = this.#uses > 0;
    this.#uses += 1;
    const exchange = new BulkExchange(request, {
      isReused,
      resume: () => {
        this.#socket.resume();
        this.#socket.setTimeout(this.#settings.timeouts.idleMs);
      },
      enter: (phase) => this.#socket.setTimeout(this.#limitOf(phase)),
      done: (canReuse) => this.#onDone(canReuse),
      destroy: () => this.destroy(),
    });
    this.#exchange = exchange;
    this.#socket.setTimeout(this.#settings.timeouts.idleMs);
    if (request.signal?.aborted) {
      exchange.fail(abortReason(request.signal));
    } else if (request.body && "body" in request.body) {
      const awaitsContinue = request.headers.expect === "100-continue";
      exchange.send(new BulkUpload(this.#socket, head, { ...request.body, awaitsContinue }));
    } else {
      this.#socket.cork();
      this.#socket.write(head);
      if (request.body) this.#socket.write(request.body);
      this.#socket.uncork();
      exchange.sent();
    }
    return exchange.response;
  }

  /** Breaks the connection; a running exchange fails. */
  destroy(): void {
    this.#socket.destroy();
  }

  #limitOf(phase: ExchangePhase): number {
    const { headersMs, idleMs } = this.#settings.timeouts;
    if (phase === "last-words") return Math.min(LAST_WORDS_MS, headersMs);
    return phase === "answer" ? headersMs : idleMs;
  }

  async #opened(signal: AbortSignal | undefined): Promise<this> {
    const socket = this.#socket;
    const { tls, timeouts, keepIdleMs } = this.#settings;
    const connected = Promise.withResolvers<void>();
    const refuse = (cause: unknown) =>
      connected.reject(lostExchange("connect", "backend cannot be reached", { cause }));
    const onAbort = () => signal && connected.reject(abortReason(signal));
    const timer = setTimeout(() => refuse(new Error("connect timed out")), timeouts.connectMs);
    socket.once(tls ? "secureConnect" : "connect", () => connected.resolve());
    socket.once("error", refuse);
    socket.once("close", () => refuse(new Error("closed while connecting")));
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      if (signal?.aborted) throw abortReason(signal);
      await connected.promise;
    } catch (error) {
      socket.on("error", () => {});
      socket.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
    this.#watch();
    socket.setTimeout(keepIdleMs);
    return this;
  }

  #watch(): void {
    const socket = this.#socket;
    let cause: Error | undefined;
    socket.on("error", (error) => {
      cause = error;
    });
    socket.on("end", () => this.#onEnded());
    socket.on("timeout", () => this.#onTimeout());
    socket.once("close", () => {
      if (cause) this.#exchange?.broke(cause);
      this.#onEnded();
      if (this.#lent) this.#settings.buffers.lost();
      this.#lent = undefined;
      this.#watcher.closed(this);
    });
  }

  #onEnded(): void {
    this.#hasEnded = true;
    if (this.#exchange) this.#exchange.closed();
    else this.#socket.destroy();
  }

  #onTimeout(): void {
    if (!this.#exchange) this.#socket.destroy();
    else if (!this.#exchange.stalled()) this.#socket.setTimeout(this.#settings.timeouts.idleMs);
  }

  #onDone(canReuse: boolean): void {
    this.#exchange = undefined;
    if (this.#lent && this.#lent !== this.#current) this.#giveBack();
    if (!(canReuse && this.isUsable) || this.#socket.writableLength > 0) {
      this.#socket.destroy();
      return;
    }
    // It may still be paused from a piece that was held; reading also tells when the server closes.
    this.#socket.resume();
    this.#socket.setTimeout(this.#settings.keepIdleMs);
    this.#watcher.released(this);
  }

  #onRead(count: number): boolean {
    const exchange = this.#exchange;
    if (!exchange) {
      // Bytes that belong to no request: this connection cannot be trusted any more.
      this.#socket.destroy();
      return false;
    }
    const bytes = this.#current.subarray(0, count);
    // Only TLS hands over more after it was told to stop; what lies in the buffers must then stay as it is.
    const wasHeld = exchange.isHeld;
    exchange.receive(wasHeld ? Buffer.from(bytes) : bytes);
    if (!wasHeld && exchange.isHeld && this.#settings.tls) {
      this.#current = this.#otherBuffer();
    }
    return !exchange.isHeld;
  }

  /** The buffer for the next read: a large one only while much of a body is still to come, and if there is one. */
  #nextBuffer(): Buffer {
    const exchange = this.#exchange;
    if (exchange?.isHeld && this.#settings.tls) return this.#current;
    if (exchange && exchange.missingBytes > SMALL_BUFFER_BYTES) {
      this.#lent ??= this.#settings.buffers.lend();
      this.#current = this.#lent ?? this.#small;
    } else {
      this.#current = this.#small;
      if (!exchange) this.#giveBack();
    }
    return this.#current;
  }

  /** A buffer that is not the one that was just read into. */
  #otherBuffer(): Buffer {
    if (this.#current !== this.#small) return this.#small;
    this.#spare ??= Buffer.allocUnsafeSlow(SPARE_BUFFER_BYTES);
    return this.#spare;
  }

  #giveBack(): void {
    if (this.#lent) this.#settings.buffers.giveBack(this.#lent);
    this.#lent = undefined;
  }
}

/** Tells of failed writes instead of destroying the socket for them, which would throw away what it has received and not yet read. */
function reportFailedWrites(socket: Socket, report: (error: Error) => void): void {
  const { _write: write, _writev: writev } = socket;
  const reporting = (done: WriteDone) => (error?: Error | null) => {
    if (error) report(error);
    done();
  };
  socket._write = (chunk: unknown, encoding, done) =>
    write.call(socket, chunk, encoding, reporting(done));
  if (writev) {
    socket._writev = (chunks, done) => writev.call(socket, chunks, reporting(done));
  }
}

type WriteDone = (error?: Error | null) => void;

function createSocket(settings: ConnectionSettings, onread: OnReadOpts): Socket | TLSSocket {
  const { host, port, tls } = settings;
  const address = { host, port, noDelay: true, keepAlive: true, onread };
  if (!tls) return connectTcp(address);
  const socket = connectTls({
    ...address,
    secureContext: tls.secureContext,
    rejectUnauthorized: tls.rejectUnauthorized,
    ALPNProtocols: ["http/1.1"],
    ...(isIP(host) === 0 ? { servername: host } : {}),
  });
  // Unlike net.connect, tls.connect has no option for these two.
  return socket.setNoDelay(true).setKeepAlive(true);
}
