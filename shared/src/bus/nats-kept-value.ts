/** A value that processes keep together, in a key-value bucket of JetStream. */
import { setTimeout as sleep } from "node:timers/promises";
import { JetStreamApiError, jetstream } from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";
import { Fault } from "../faults.ts";
import { checkReplicas } from "./jetstream-replicas.ts";
import type { Kept, KeptValue } from "./kept-value.ts";

/** Where in JetStream the value lies. */
export interface NatsKeptValuePlace {
  /** Made where it is not there, in files. */
  readonly bucket: string;
  readonly key: string;
  /** Servers that keep it, at least. */
  readonly replicas: number;
}

/** Former values that the bucket keeps, for operators to look at. */
const HISTORY = 8;
const TIMEOUT_MS = 3000;
const WATCH_AGAIN_MS = 1000;
/** Answers of JetStream: somebody else wrote (10164: and it does not say what). */
const WRONG_LAST_SEQUENCE: readonly number[] = [10_071, 10_164];

/** The value at a place. The connection stays its owner's. */
export class NatsKeptValue implements KeptValue {
  readonly #nats: NatsConnection;
  readonly #place: NatsKeptValuePlace;
  #opened: Promise<KV> | undefined;

  constructor(nats: NatsConnection, place: NatsKeptValuePlace) {
    this.#nats = nats;
    this.#place = place;
  }

  async read(): Promise<Kept | undefined> {
    return await this.#use(async (bucket) => {
      const entry = await bucket.get(this.#place.key);
      if (entry?.operation !== "PUT") return undefined;
      return { bytes: entry.value, revision: entry.revision };
    });
  }

  async write(bytes: Uint8Array, over: Kept | undefined): Promise<Kept> {
    return await this.#use(async (bucket) => {
      const { key } = this.#place;
      const revision = over
        ? await bucket.update(key, bytes, over.revision, TIMEOUT_MS)
        : await bucket.create(key, bytes);
      return { bytes, revision };
    });
  }

  watch(listener: () => void): AsyncDisposable {
    const stop = new AbortController();
    const watching = this.#watch(listener, stop.signal);
    return {
      async [Symbol.asyncDispose]() {
        stop.abort();
        await watching;
      },
    };
  }

  /** A watch ends with its bucket, and does not begin while JetStream is away: then another one is tried. */
  async #watch(listener: () => void, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const bucket = await this.#bucket();
        const updates = await bucket.watch({ key: this.#place.key });
        const onAbort = () => updates.stop();
        signal.addEventListener("abort", onAbort, { once: true });
        if (signal.aborted) onAbort();
        for await (const _ of updates) listener();
        signal.removeEventListener("abort", onAbort);
      } catch {
        // Who reads now and then finds out what is the matter, and says so.
      }
      await sleep(WATCH_AGAIN_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #use<Result>(act: (bucket: KV) => Promise<Result>): Promise<Result> {
    if (this.#nats.isClosed()) throw new Fault("bus.unavailable", "the bus is closed");
    try {
      return await act(await this.#bucket());
    } catch (cause) {
      if (cause instanceof JetStreamApiError && WRONG_LAST_SEQUENCE.includes(cause.code)) {
        throw new Fault("backend.changed", "somebody else wrote meanwhile", { cause });
      }
      // It may be gone: the next one makes it anew.
      this.#opened = undefined;
      const why = cause instanceof Error ? cause.message : "unknown";
      throw new Fault("bus.unavailable", `JetStream can't be used: ${why}`, { cause });
    }
  }

  #bucket(): Promise<KV> {
    this.#opened ??= this.#open();
    this.#opened.catch(() => {
      this.#opened = undefined;
    });
    return this.#opened;
  }

  /** From the leader alone: what another replica of the bucket says may be old. */
  async #open(): Promise<KV> {
    const { bucket: name, replicas } = this.#place;
    const kvm = new Kvm(jetstream(this.#nats, { timeout: TIMEOUT_MS }));
    const bucket = await kvm.create(name, { history: HISTORY, allow_direct: false, replicas });
    const { streamInfo } = await bucket.status();
    checkReplicas(streamInfo.config, replicas);
    return bucket;
  }
}
