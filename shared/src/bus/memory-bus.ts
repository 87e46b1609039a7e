/** The bus within one process: questions are function calls that keep the rules of the wire. */
import type { Announcement, Question } from "../contracts/contract.ts";
import { Fault } from "../faults.ts";
import { InFlight } from "../runtime/in-flight.ts";
import type { Log } from "../runtime/log.ts";
import {
  DEFAULT_TIMEOUT_MS,
  DRAIN_TIMEOUT_MS,
  type GuardedAnswerer,
  guardAnswerer,
  hear,
  parseFact,
  withDeadline,
} from "./answering.ts";
import type { Announced, Answerer, AskOptions, Bus, Listener } from "./bus.ts";

/** Carries questions and announcements between roles of this process; its answerers are told `isLocal`. */
export class MemoryBus implements Bus {
  readonly #log: Log;
  readonly #answerers = new Map<string, GuardedAnswerer>();
  readonly #listeners = new Map<string, Listener<unknown>[]>();
  readonly #inFlight = new InFlight();
  #isClosed = false;

  constructor({ log }: { log: Log }) {
    this.#log = log;
  }

  get isConnected(): boolean {
    return !this.#isClosed;
  }

  async request<Input, Output>(
    question: Question<Input, Output>,
    input: Input,
    { requestId, timeoutMs = DEFAULT_TIMEOUT_MS, traceparent }: AskOptions,
  ): Promise<Output> {
    const { subject } = question;
    this.#refuseWhenClosed();
    const answerer = this.#answerers.get(subject);
    if (!answerer) throw new Fault("bus.no-responder", `nobody answers ${subject}`);
    const deadlineMs = Date.now() + timeoutMs;
    const asked = { requestId, deadlineMs, isLocal: true, ...(traceparent ? { traceparent } : {}) };
    const answer = this.#inFlight.run(() => answerer(input, asked));
    // Within one process the two ends are one: the guarded answerer has parsed input and output.
    return (await withDeadline(answer, { subject, timeoutMs })) as Output;
  }

  serve<Input, Output>(question: Question<Input, Output>, answerer: Answerer<Input, Output>): void {
    this.#refuseWhenClosed();
    if (this.#answerers.has(question.subject)) {
      throw new Error(`${question.subject} is served already`);
    }
    this.#answerers.set(question.subject, guardAnswerer(question, answerer, this.#log));
  }

  isLocal(): boolean {
    return true;
  }

  async publish<Fact>(
    announcement: Announcement<Fact>,
    fact: Fact,
    announced: Announced = {},
  ): Promise<void> {
    const parsed = parseFact(announcement, fact);
    this.#refuseWhenClosed();
    for (const listener of this.#listeners.get(announcement.subject) ?? [])
      listener(parsed, announced);
  }

  subscribe<Fact>(announcement: Announcement<Fact>, listener: Listener<Fact>): void {
    this.#refuseWhenClosed();
    const listeners = this.#listeners.get(announcement.subject) ?? [];
    listeners.push(hear(announcement, listener, this.#log));
    this.#listeners.set(announcement.subject, listeners);
  }

  async drain(): Promise<void> {
    this.#answerers.clear();
    await this.#inFlight.idle(DRAIN_TIMEOUT_MS);
    this.#listeners.clear();
    this.#isClosed = true;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.drain();
  }

  #refuseWhenClosed(): void {
    if (this.#isClosed) throw new Fault("bus.unavailable", "the bus is closed");
  }
}
