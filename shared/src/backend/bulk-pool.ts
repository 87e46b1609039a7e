/** Keeps bulk connections to one host alive between exchanges and bounds their number. */
import { Fault } from "../faults.ts";
import {
  BulkConnection,
  type ConnectionSettings,
  type ConnectionWatcher,
} from "./bulk-connection.ts";
import { abortReason, type Carrier, type WireRequest, type WireResponse } from "./carrier.ts";
import { requestHead } from "./header-fields.ts";

/** A request that waits for a connection. */
interface Waiter {
  give(connection: BulkConnection | undefined): void;
  refuse(error: unknown): void;
}

/** Carrier of large bodies. The longest waiting request gets the next free connection. */
export class BulkPool implements Carrier {
  readonly #settings: ConnectionSettings;
  readonly #maxConnections: number;
  /** Last one used first: the others then grow old and close. */
  readonly #idle: BulkConnection[] = [];
  readonly #open = new Set<BulkConnection>();
  readonly #waiters = new Set<Waiter>();
  readonly #watcher: ConnectionWatcher;
  #connecting = 0;
  #isRetired = false;
  #isClosed = false;

  constructor(settings: ConnectionSettings, maxConnections: number) {
    this.#settings = settings;
    this.#maxConnections = maxConnections;
    this.#watcher = {
      released: (connection) => this.#onReleased(connection),
      closed: (connection) => this.#onClosed(connection),
    };
  }

  /** Sends a request. Waits for a connection at most as long as connecting may take, then throws `limit.busy`. */
  async exchange(request: WireRequest): Promise<WireResponse> {
    const { signal } = request;
    if (signal?.aborted) throw abortReason(signal);
    // Before a connection is taken: a request that is refused must not keep one.
    const head = bulkHead(request);
    const connection = await this.#acquire(request.isFresh === true, signal);
    return connection.exchange(request, head);
  }

  retire(): void {
    this.#isRetired = true;
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const waiter of this.#waiters) waiter.refuse(closedPool());
    for (const connection of this.#open) connection.destroy();
    await Promise.resolve();
  }

  async #acquire(isFresh: boolean, signal: AbortSignal | undefined): Promise<BulkConnection> {
    for (;;) {
      if (this.#isClosed) throw closedPool();
      const connection = isFresh ? undefined : this.#takeIdle();
      if (connection) return connection;
      if (isFresh && this.#isFull) this.#idle.shift()?.destroy();
      if (!this.#isFull) return await this.#connect(signal);
      const given = await this.#wait(signal);
      if (given?.isUsable && !isFresh) return given;
      given?.destroy();
    }
  }

  get #isFull(): boolean {
    return this.#open.size + this.#connecting >= this.#maxConnections;
  }

  #takeIdle(): BulkConnection | undefined {
    for (;;) {
      const connection = this.#idle.pop();
      if (!connection || connection.isUsable) return connection;
    }
  }

  async #connect(signal: AbortSignal | undefined): Promise<BulkConnection> {
    this.#connecting += 1;
    let connection: BulkConnection;
    try {
      connection = await BulkConnection.open(this.#settings, this.#watcher, signal);
    } catch (error) {
      this.#connecting -= 1;
      this.#wakeOne(undefined);
      throw error;
    }
    this.#connecting -= 1;
    this.#open.add(connection);
    if (this.#isClosed) {
      connection.destroy();
      throw closedPool();
    }
    return connection;
  }

  async #wait(signal: AbortSignal | undefined): Promise<BulkConnection | undefined> {
    const turn = Promise.withResolvers<BulkConnection | undefined>();
    const waiter: Waiter = { give: turn.resolve, refuse: turn.reject };
    const onAbort = () => signal && turn.reject(abortReason(signal));
    const timer = setTimeout(
      () => turn.reject(new Fault("limit.busy", "all connections to the backend are in use")),
      this.#settings.timeouts.connectMs,
    );
    this.#waiters.add(waiter);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return await turn.promise;
    } finally {
      this.#waiters.delete(waiter);
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Lets the first waiter go on: with a connection, or to open one in the place that became free. */
  #wakeOne(connection: BulkConnection | undefined): boolean {
    const [waiter] = this.#waiters;
    if (!waiter) return false;
    this.#waiters.delete(waiter);
    waiter.give(connection);
    return true;
  }

  #onReleased(connection: BulkConnection): void {
    if (this.#isRetired || this.#isClosed) connection.destroy();
    else if (!this.#wakeOne(connection)) this.#idle.push(connection);
  }

  #onClosed(connection: BulkConnection): void {
    this.#open.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#wakeOne(undefined);
  }
}

function bulkHead({ method, target, headers, body }: WireRequest): Buffer {
  if (!body) {
    // PUT and POST say that they have no body (RFC 9110 §8.6); some servers refuse them otherwise.
    const isPut = method === "PUT" || method === "POST";
    return requestHead(method, target, isPut ? { ...headers, "content-length": "0" } : headers);
  }
  const sizeBytes = "body" in body ? body.sizeBytes : body.byteLength;
  return requestHead(method, target, { ...headers, "content-length": String(sizeBytes) });
}

function closedPool(): Fault {
  return new Fault("backend.unavailable", "connections to the backend are closed");
}
