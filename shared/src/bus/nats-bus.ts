/** The bus over NATS: core request and reply with queue groups, core publish.  */
import { setTimeout as sleep } from "node:timers/promises";
import {
  errors,
  headers,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  type Status,
  type Subscription,
} from "@nats-io/transport-node";
import type { Announcement, Question } from "../contracts/contract.ts";
import { Fault, isFault } from "../faults.ts";
import { InFlight } from "../runtime/in-flight.ts";
import type { Log } from "../runtime/log.ts";
import {
  DEFAULT_TIMEOUT_MS,
  DRAIN_TIMEOUT_MS,
  type GuardedAnswerer,
  guardAnswerer,
  hear,
  parseFact,
  parseInput,
  parseOutput,
  timeoutOf,
} from "./answering.ts";
import type { Announced, Answerer, AskOptions, Bus, Listener } from "./bus.ts";
import { type MicroEndpoint, MicroService } from "./micro.ts";
import { connectToNats, type NatsConnectOptions } from "./nats-connect.ts";
import {
  DEADLINE_HEADER,
  decodeFault,
  decodePayload,
  decodeQuestionHeaders,
  encodeFault,
  encodePayload,
  REQUEST_ID_HEADER,
  TRACEPARENT_HEADER,
} from "./nats-message.ts";

const MAX_RETRIES = 3;

/** How to reach the broker, and how the bus behaves there. */
export interface NatsBusOptions extends NatsConnectOptions {
  /** First token of every subject, and of the micro service names. Default `s3eg`. */
  readonly subjectPrefix?: string | undefined;
  /** Semantic version shown by `nats micro`. Default `0.0.0`. */
  readonly version?: string | undefined;
  /** More questions than this at a time are refused with `limit.busy`. Default 512. */
  readonly maxAnswers?: number | undefined;
}

/** A connection to NATS that reconnects for ever. Questions asked while it is cut off fail at once with `bus.unavailable`. */
export class NatsBus implements Bus {
  readonly #nats: NatsConnection;
  readonly #options: NatsBusOptions;
  readonly #prefix: string;
  readonly #log: Log;
  readonly #served = new Map<string, Subscription>();
  readonly #listening: Subscription[] = [];
  readonly #services = new Map<string, MicroService>();
  readonly #answering = new InFlight();
  readonly #asking = new InFlight();
  readonly #onCut = new Set<() => void>();
  #isConnected = true;
  #isClosing = false;
  #drained: Promise<void> | undefined;

  private constructor(nats: NatsConnection, options: NatsBusOptions) {
    this.#nats = nats;
    this.#options = options;
    this.#prefix = options.subjectPrefix ?? "s3eg";
    this.#log = options.log;
    this.#watch().catch((error: unknown) => this.#log.error({ err: error }, "bus watch ended"));
  }

  /**
   * Waits for the broker as long as it takes, with a warning per failed try; ends early with `config.invalid` if the broker
   * refuses the credentials, or when the signal is aborted.
   */
  static async connect(options: NatsBusOptions): Promise<NatsBus> {
    return new NatsBus(await connectToNats(options), options);
  }

  /** The connection underneath, for JetStream. Closed by `drain`. */
  get connection(): NatsConnection {
    return this.#nats;
  }

  get isConnected(): boolean {
    return this.#isConnected && !this.#isClosing;
  }

  async request<Input, Output>(
    question: Question<Input, Output>,
    input: Input,
    { requestId, timeoutMs = DEFAULT_TIMEOUT_MS, traceparent }: AskOptions,
  ): Promise<Output> {
    const { subject } = question;
    const payload = encodePayload(parseInput(question, input), "input.invalid", subject);
    const deadlineMs = Date.now() + timeoutMs;
    const reply = await this.#asking.run(() =>
      this.#askUntilHeard(subject, { payload, requestId, deadlineMs, traceparent }),
    );
    const fault = decodeFault(reply.headers, reply.data);
    if (fault) throw fault;
    return parseOutput(question, decodePayload(reply.data, "internal.bug", subject));
  }

  serve<Input, Output>(question: Question<Input, Output>, answerer: Answerer<Input, Output>): void {
    const { subject, owner } = question;
    if (this.#served.has(subject)) throw new Error(`${subject} is served already`);
    this.#refuseWhenClosing();
    const endpoint = this.#serviceOf(owner).addEndpoint({
      name: subject.slice(owner.length + 1),
      subject: this.#wire(subject),
      queueGroup: owner,
    });
    const guarded = guardAnswerer(question, answerer, this.#log);
    const subscription = this.#subscribe(this.#wire(subject), owner, (message) => {
      this.#answering
        .run(() => this.#answer(message, guarded, endpoint))
        .catch((error: unknown) => this.#log.error({ err: error, subject }, "answer not sent"));
    });
    this.#served.set(subject, subscription);
  }

  isLocal(): boolean {
    return false;
  }

  async publish<Fact>(
    announcement: Announcement<Fact>,
    fact: Fact,
    { traceparent }: Announced = {},
  ): Promise<void> {
    const { subject } = announcement;
    const payload = encodePayload(parseFact(announcement, fact), "input.invalid", subject);
    if (!this.isConnected) throw cutOff();
    const head = traceparent ? { headers: headersOf([[TRACEPARENT_HEADER, traceparent]]) } : {};
    this.#nats.publish(this.#wire(subject), payload, head);
  }

  subscribe<Fact>(announcement: Announcement<Fact>, listener: Listener<Fact>): void {
    this.#refuseWhenClosing();
    const { subject } = announcement;
    const listen = hear(announcement, listener, this.#log);
    this.#listening.push(
      this.#subscribe(this.#wire(subject), undefined, (message) => {
        try {
          const traceparent = message.headers?.get(TRACEPARENT_HEADER);
          listen(decodePayload(message.data, "input.invalid", subject), { traceparent });
        } catch (error) {
          this.#log.warn({ err: error, subject }, "announcement dropped");
        }
      }),
    );
  }

  drain(): Promise<void> {
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.drain();
  }

  /** The order matters: the client's own drain does not wait for answers that are being made. */
  async #drain(): Promise<void> {
    const subscriptions = [...this.#served.values(), ...this.#listening];
    if (this.#isConnected) {
      await Promise.allSettled(subscriptions.map((subscription) => subscription.drain()));
    }
    await this.#answering.idle(DRAIN_TIMEOUT_MS);
    this.#isClosing = true;
    await this.#asking.idle(DRAIN_TIMEOUT_MS);
    if (this.#isConnected) await this.#nats.drain().catch(() => undefined);
    await this.#nats.close();
  }

  async #watch(): Promise<void> {
    for await (const status of this.#nats.status()) this.#heed(status);
    this.#cut();
    if (!this.#isClosing) this.#log.error({}, "NATS connection closed for good");
  }

  #heed(status: Status): void {
    if (status.type === "disconnect") {
      this.#cut();
      if (!this.#isClosing) this.#log.warn({ server: status.server }, "NATS connection lost");
    } else if (status.type === "reconnect") {
      this.#isConnected = true;
      this.#log.warn({ server: status.server }, "NATS connection restored");
    } else if (status.type === "error") {
      this.#log.warn({ err: status.error }, "NATS reports an error");
    }
  }

  #cut(): void {
    this.#isConnected = false;
    for (const onCut of [...this.#onCut]) onCut();
  }

  /** After a broker restart answerers need a moment to be back: nobody took the question, so it may be asked again. */
  async #askUntilHeard(subject: string, asking: Asking): Promise<Msg> {
    for (let retries = 0; ; retries++) {
      try {
        return await this.#ask(subject, asking);
      } catch (error) {
        const pauseMs = 50 + Math.random() * 150;
        const isRetried = isFault(error, "bus.no-responder") && retries < MAX_RETRIES;
        if (!isRetried || Date.now() + pauseMs >= asking.deadlineMs) throw error;
        await sleep(pauseMs);
      }
    }
  }

  /** The client would keep a question while cut off and let it time out, so what is under way is given up on a cut. */
  async #ask(subject: string, asking: Asking): Promise<Msg> {
    if (!this.isConnected) throw cutOff();
    const { payload, requestId, deadlineMs, traceparent } = asking;
    const { promise, resolve, reject } = Promise.withResolvers<Msg>();
    const onCut = () => reject(cutOff());
    this.#onCut.add(onCut);
    const head = headersOf([
      [REQUEST_ID_HEADER, requestId],
      [DEADLINE_HEADER, String(deadlineMs)],
      ...(traceparent ? [[TRACEPARENT_HEADER, traceparent] as [string, string]] : []),
    ]);
    const timeout = Math.max(1, deadlineMs - Date.now());
    this.#nats
      .request(this.#wire(subject), payload, { headers: head, timeout })
      .then(resolve, (error: unknown) => reject(faultOf(error, subject)));
    try {
      return await promise;
    } finally {
      this.#onCut.delete(onCut);
    }
  }

  async #answer(message: Msg, answerer: GuardedAnswerer, endpoint: MicroEndpoint): Promise<void> {
    if (!message.reply) return;
    const startMs = performance.now();
    const reply = await this.#replyTo(message, answerer);
    if (!reply) return;
    endpoint.record((performance.now() - startMs) * 1e6, reply.error);
    message.respond(reply.payload, { headers: headersOf(reply.headers) });
  }

  /** What to send back; undefined if nobody waits for it any more. */
  async #replyTo(
    { subject, headers: head, data }: Msg,
    answerer: GuardedAnswerer,
  ): Promise<Reply | undefined> {
    try {
      const asked = decodeQuestionHeaders(head, subject);
      if (Date.now() >= asked.deadlineMs) return undefined;
      if (this.#answering.count > (this.#options.maxAnswers ?? 512)) {
        throw new Fault("limit.busy", `too many questions on ${subject}`);
      }
      const input = decodePayload(data, "input.invalid", subject);
      const output = await answerer(input, { ...asked, isLocal: false });
      if (Date.now() >= asked.deadlineMs) return undefined;
      return { payload: encodePayload(output, "internal.bug", subject), headers: [] };
    } catch (error) {
      return { ...encodeFault(error), error: error instanceof Fault ? error.code : "internal.bug" };
    }
  }

  #subscribe(
    subject: string,
    queue: string | undefined,
    take: (message: Msg) => void,
  ): Subscription {
    return this.#nats.subscribe(subject, {
      ...(queue === undefined ? {} : { queue }),
      callback: (error, message) => {
        if (error) this.#log.error({ err: error, subject }, "NATS refuses the subscription");
        else take(message);
      },
    });
  }

  #serviceOf(owner: string): MicroService {
    const known = this.#services.get(owner);
    if (known) return known;
    const name = `${this.#prefix}-${owner}`;
    const service = new MicroService({ name, version: this.#options.version ?? "0.0.0" });
    for (const { subject, answer } of service.answers()) {
      this.#listening.push(
        this.#subscribe(subject, undefined, (message) => {
          if (message.reply) message.respond(answer());
        }),
      );
    }
    this.#services.set(owner, service);
    return service;
  }

  #wire(subject: string): string {
    return `${this.#prefix}.${subject}`;
  }

  #refuseWhenClosing(): void {
    if (this.#drained) throw new Fault("bus.unavailable", "the bus is closed");
  }
}

interface Asking {
  readonly payload: string;
  readonly requestId: string;
  readonly deadlineMs: number;
  readonly traceparent: string | undefined;
}

interface Reply {
  readonly payload: string;
  readonly headers: [string, string][];
  readonly error?: string;
}

function headersOf(fields: [string, string][]): MsgHdrs {
  const head = headers();
  for (const [name, value] of fields) head.set(name, value);
  return head;
}

function cutOff(): Fault {
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
