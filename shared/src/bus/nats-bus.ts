/** The bus over NATS: core request and reply with queue groups, core publish.  */
import type { Msg, NatsConnection, Status, Subscription } from "@nats-io/transport-node";
import type { Announcement, Question } from "../contracts/contract.ts";
import { Fault } from "../faults.ts";
import { InFlight } from "../runtime/in-flight.ts";
import type { Log } from "../runtime/log.ts";
import {
  DEFAULT_TIMEOUT_MS,
  DRAIN_TIMEOUT_MS,
  guardAnswerer,
  hear,
  parseFact,
  parseInput,
  parseOutput,
} from "./answering.ts";
import type { Announced, Answerer, AskOptions, Bus, Listener } from "./bus.ts";
import { MicroService } from "./micro.ts";
import { answerMessage } from "./nats-answering.ts";
import { cutOff, NatsAsking } from "./nats-asking.ts";
import { connectToNats, type NatsConnectOptions } from "./nats-connect.ts";
import {
  decodeFault,
  decodePayload,
  encodeHeaders,
  encodePayload,
  TRACEPARENT_HEADER,
} from "./nats-message.ts";

const DEFAULT_MAX_ANSWERS = 512;

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
  readonly #asking: NatsAsking;
  #isConnected = true;
  #isClosing = false;
  #drained: Promise<void> | undefined;

  private constructor(nats: NatsConnection, options: NatsBusOptions) {
    this.#nats = nats;
    this.#options = options;
    this.#prefix = options.subjectPrefix ?? "s3eg";
    this.#log = options.log;
    this.#asking = new NatsAsking(nats, () => this.isConnected);
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
    const wireSubject = this.#wire(subject);
    const asked = { subject, wireSubject, payload, requestId, deadlineMs, traceparent };
    const reply = await this.#asking.ask(asked);
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
    const { maxAnswers = DEFAULT_MAX_ANSWERS } = this.#options;
    const subscription = this.#subscribe(this.#wire(subject), owner, (message) => {
      this.#answering
        .run(() => {
          const isBusy = this.#answering.count > maxAnswers;
          return answerMessage(message, { answerer: guarded, endpoint, isBusy });
        })
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
    const head = traceparent ? { headers: encodeHeaders([[TRACEPARENT_HEADER, traceparent]]) } : {};
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
    this.#asking.giveUp();
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
