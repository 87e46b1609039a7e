/** Asks over NATS: again while nobody is there to take the question, and not a moment longer than the broker is there. */
import { setTimeout as sleep } from "node:timers/promises";
import { errors, type Msg, type NatsConnection } from "@nats-io/transport-node";
import { Fault, isFault } from "../faults.ts";
import { InFlight } from "../runtime/in-flight.ts";
import { timeoutOf } from "./answering.ts";
import {
  DEADLINE_HEADER,
  encodeHeaders,
  REQUEST_ID_HEADER,
  TRACEPARENT_HEADER,
} from "./nats-message.ts";

const MAX_RETRIES = 3;

/** A question as it is sent. */
export interface NatsQuestion {
  /** As the contract has it: what faults call it. */
  readonly subject: string;
  /** With the prefix. */
  readonly wireSubject: string;
  readonly payload: string;
  readonly requestId: string;
  /** `Date.now()` value after which the asker does not wait any more. */
  readonly deadlineMs: number;
  readonly traceparent: string | undefined;
}

/** The questions that a connection has under way. */
export class NatsAsking {
  readonly #nats: NatsConnection;
  readonly #isConnected: () => boolean;
  readonly #inFlight = new InFlight();
  readonly #onGiveUp = new Set<() => void>();

  constructor(nats: NatsConnection, isConnected: () => boolean) {
    this.#nats = nats;
    this.#isConnected = isConnected;
  }

  /**
   * The reply, which may be a refusal. Throws `bus.no-responder`, `bus.timeout`, `bus.unavailable` (at once while cut off), or
   * `internal.bug` where the broker forbids the question.
   */
  async ask(question: NatsQuestion): Promise<Msg> {
    return await this.#inFlight.run(() => this.#askUntilTaken(question));
  }

  /** Fails what is under way: the client would keep a question while cut off and let it time out. */
  giveUp(): void {
    for (const onGiveUp of [...this.#onGiveUp]) onGiveUp();
  }

  /** Resolves when nothing is under way, or after `atMostMs`. */
  async idle(atMostMs: number): Promise<void> {
    await this.#inFlight.idle(atMostMs);
  }

  /** After a broker restart answerers need a moment to be back: nobody took the question, so it may be asked again. */
  async #askUntilTaken(question: NatsQuestion): Promise<Msg> {
    for (let retries = 0; ; retries++) {
      try {
        return await this.#askOnce(question);
      } catch (error) {
        const pauseMs = 50 + Math.random() * 150;
        const isRetried = isFault(error, "bus.no-responder") && retries < MAX_RETRIES;
        if (!isRetried || Date.now() + pauseMs >= question.deadlineMs) throw error;
        await sleep(pauseMs);
      }
    }
  }

  async #askOnce(question: NatsQuestion): Promise<Msg> {
    if (!this.#isConnected()) throw cutOff();
    const { subject, wireSubject, payload, requestId, deadlineMs, traceparent } = question;
    const { promise, resolve, reject } = Promise.withResolvers<Msg>();
    const onGiveUp = () => reject(cutOff());
    this.#onGiveUp.add(onGiveUp);
    const headers = encodeHeaders([
      [REQUEST_ID_HEADER, requestId],
      [DEADLINE_HEADER, String(deadlineMs)],
      [TRACEPARENT_HEADER, traceparent],
    ]);
    const timeout = Math.max(1, deadlineMs - Date.now());
    this.#nats
      .request(wireSubject, payload, { headers, timeout })
      .then(resolve, (error: unknown) => reject(faultOf(error, subject)));
    try {
      return await promise;
    } finally {
      this.#onGiveUp.delete(onGiveUp);
    }
  }
}

/** The fault of whoever asks or announces while the broker is away. */
export function cutOff(): Fault {
  return new Fault("bus.unavailable", "NATS cannot be reached");
}

function faultOf(error: unknown, subject: string): Fault {
  const cause = error instanceof errors.RequestError && error.cause ? error.cause : error;
  if (cause instanceof errors.TimeoutError) return timeoutOf(subject);
  if (cause instanceof errors.NoRespondersError) {
    return new Fault("bus.no-responder", `nobody answers ${subject}`);
  }
  if (cause instanceof errors.PermissionViolationError) {
    return new Fault("internal.bug", `NATS does not let us ask ${subject}`, { cause });
  }
  return new Fault("bus.unavailable", `asking ${subject} failed`, { cause });
}
