/** Brings spooled events to their receiver: in order, each at least once, however long it is away. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import type { EventReceiver } from "./event-receiver.ts";
import type { Spool } from "./spool.ts";

/** What a shipper is made of. */
export interface ShipperParts {
  readonly spool: Pick<Spool, "next" | "taken">;
  readonly receiver: EventReceiver;
  /** Events of one POST at most. */
  readonly batchSize: number;
  /** How long an event may wait for others; 0: not at all. */
  readonly flushIntervalMs: number;
  /** Wait after a first failure; it doubles up to half a minute. */
  readonly backoffMs: number;
  readonly log: Log;
  readonly metrics: Metrics;
}

const MAX_BATCH_BYTES = 1024 * 1024;
const MAX_BACKOFF_MS = 30_000;
/** How long the last events may take when the process ends. What is not sent then is sent after the next start. */
const LAST_MS = 3000;

/** Sends until it is disposed of. */
export class Shipper implements AsyncDisposable {
  readonly #parts: ShipperParts;
  readonly #counts: { readonly sent: () => void; readonly failed: () => void };
  /** Nothing is waited for any more. */
  readonly #ending = new AbortController();
  /** Nothing is sent any more. */
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #woken = Promise.withResolvers<void>();

  constructor(parts: ShipperParts) {
    this.#parts = parts;
    const posts = parts.metrics.counter({
      name: "gateway_audit_posts_total",
      help: "POSTs of audit events to their receiver, by result.",
      labels: ["result"],
    });
    this.#counts = {
      sent: () => posts.add({ result: "ok" }),
      failed: () => posts.add({ result: "error" }),
    };
    this.#running = this.#run();
  }

  /** There are more lines. */
  wake(): void {
    this.#woken.resolve();
  }

  /** Sends what can be sent in a moment, and stops. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    this.wake();
    const late = setTimeout(() => this.#stop.abort(), LAST_MS);
    await this.#running;
    clearTimeout(late);
    this.#parts.receiver[Symbol.dispose]();
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stop.signal.aborted) {
      this.#woken = Promise.withResolvers();
      try {
        const isEmpty = !(await this.#sendNext());
        if (isEmpty && this.#ending.signal.aborted) return;
        failures = 0;
        if (isEmpty) await this.#woken.promise;
      } catch (error) {
        if (this.#ending.signal.aborted) return;
        this.#counts.failed();
        this.#parts.log.warn({ err: error, failures }, "audit events wait for their receiver");
        await this.#pause(Math.min(this.#parts.backoffMs * 2 ** failures++, MAX_BACKOFF_MS));
      }
    }
  }

  /** False where there was nothing to send. */
  async #sendNext(): Promise<boolean> {
    const { spool, receiver, batchSize, flushIntervalMs } = this.#parts;
    const limits = { count: batchSize, maxBytes: MAX_BATCH_BYTES };
    let batch = await spool.next(limits);
    if (
      batch &&
      batch.lines.length < batchSize &&
      flushIntervalMs > 0 &&
      !this.#ending.signal.aborted
    ) {
      await this.#pause(flushIntervalMs);
      batch = await spool.next(limits);
    }
    if (!batch) return false;
    await receiver.post(batch.lines, this.#stop.signal);
    await spool.taken(batch);
    this.#counts.sent();
    return true;
  }

  /** Ends early when the process does. */
  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#ending.signal }).catch(() => {});
  }
}
