/** A queue of work in JetStream: a stream of the kind `workqueue`, spread over whoever takes from it. */
import {
  AckPolicy,
  type Consumer,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamClient,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  type StreamAPI,
  type StreamInfo,
} from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { Fault } from "../faults.ts";
import { checkReplicas } from "./jetstream-replicas.ts";
import type { Task, WorkQueue } from "./work-queue.ts";

/** Where in JetStream the queue lies. */
export interface NatsWorkQueuePlace {
  /** Made where it is not there, in files. */
  readonly stream: string;
  /** The whole of it, prefix included. */
  readonly subject: string;
  /** Servers that keep it, at least. */
  readonly replicas: number;
}

const TIMEOUT_MS = 3000;
/** A taker that is silent for so long is taken for gone. */
const ACK_WAIT_MS = 30_000;
const ONCE_MS = 120_000;
/** How long one look for work lasts. */
const EXPIRES_MS = 2000;
const DURABLE = "runners";
const NANOS_PER_MS = 1_000_000;

/** The queue at a place. The connection stays its owner's. */
export class NatsWorkQueue implements WorkQueue {
  readonly #nats: NatsConnection;
  readonly #place: NatsWorkQueuePlace;
  #opened: Promise<{ client: JetStreamClient; consumer: Consumer }> | undefined;

  constructor(nats: NatsConnection, place: NatsWorkQueuePlace) {
    this.#nats = nats;
    this.#place = place;
  }

  async put(id: string, once: string): Promise<void> {
    await this.#use(async ({ client }) => {
      await client.publish(this.#place.subject, id, { msgID: once, timeout: TIMEOUT_MS });
    });
  }

  async take(signal: AbortSignal): Promise<Task | undefined> {
    if (signal.aborted) return undefined;
    const message = await this.#use(({ consumer }) => consumer.next({ expires: EXPIRES_MS }));
    if (!message) return undefined;
    if (signal.aborted) {
      message.nak();
      return undefined;
    }
    return {
      id: message.string(),
      extend: () => message.working(),
      done: () => message.ack(),
      giveBack: (afterMs) => message.nak(afterMs),
    };
  }

  async #use<Result>(
    act: (opened: { client: JetStreamClient; consumer: Consumer }) => Promise<Result>,
  ): Promise<Result> {
    if (this.#nats.isClosed()) throw new Fault("bus.unavailable", "the bus is closed");
    try {
      this.#opened ??= this.#open();
      return await act(await this.#opened);
    } catch (cause) {
      // It may be gone: the next one makes it anew.
      this.#opened = undefined;
      const why = cause instanceof Error ? cause.message : "unknown";
      throw new Fault("bus.unavailable", `JetStream can't be used: ${why}`, { cause });
    }
  }

  async #open(): Promise<{ client: JetStreamClient; consumer: Consumer }> {
    const { stream, replicas } = this.#place;
    const manager = await jetstreamManager(this.#nats, { timeout: TIMEOUT_MS });
    const { config } = await this.#findOrMake(manager.streams);
    checkReplicas(config, replicas);
    await manager.consumers.add(stream, {
      durable_name: DURABLE,
      ack_policy: AckPolicy.Explicit,
      ack_wait: ACK_WAIT_MS * NANOS_PER_MS,
      max_deliver: -1,
    });
    const client = jetstream(this.#nats, { timeout: TIMEOUT_MS });
    return { client, consumer: await client.consumers.get(stream, DURABLE) };
  }
  /** One that is there stays as it is. */
  async #findOrMake(streams: StreamAPI): Promise<StreamInfo> {
    const { stream, subject, replicas } = this.#place;
    try {
      return await streams.info(stream);
    } catch (error) {
      const isMissing =
        error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound;
      if (!isMissing) throw error;
      return await streams.add({
        name: stream,
        subjects: [subject],
        retention: RetentionPolicy.Workqueue,
        duplicate_window: ONCE_MS * NANOS_PER_MS,
        num_replicas: replicas,
      });
    }
  }
}
