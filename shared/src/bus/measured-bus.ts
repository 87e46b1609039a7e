/** The bus, counted and timed: by subject, of which there are as many as contracts. */
import type { Announcement, Question } from "../contracts/contract.ts";
import type { Counter, Histogram, Metrics } from "../runtime/metrics.ts";
import { timed } from "../runtime/timed.ts";
import type { Announced, Answerer, AskOptions, Bus, Listener } from "./bus.ts";

const SECONDS = [
  0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
];

/** Counts what goes through it to `bus`, which it owns: what is asked and what is answered, each where it is done, and what is announced. */
export class MeasuredBus implements Bus {
  readonly #bus: Bus;
  readonly #asked: Counter<"subject" | "result">;
  readonly #askedSeconds: Histogram<"subject">;
  readonly #answered: Counter<"subject" | "result">;
  readonly #announced: Counter<"subject" | "result">;

  constructor(bus: Bus, metrics: Metrics) {
    this.#bus = bus;
    this.#asked = metrics.counter({
      name: "gateway_bus_questions_total",
      help: "Questions asked by this process, by subject and result (ok or fault code).",
      labels: ["subject", "result"],
    });
    this.#askedSeconds = metrics.histogram({
      name: "gateway_bus_question_duration_seconds",
      help: "Seconds from a question to its answer, as the asker sees it.",
      labels: ["subject"],
      buckets: SECONDS,
    });
    this.#answered = metrics.counter({
      name: "gateway_bus_answers_total",
      help: "Questions answered by this process, by subject and result (ok or fault code).",
      labels: ["subject", "result"],
    });
    this.#announced = metrics.counter({
      name: "gateway_bus_announcements_total",
      help: "Facts announced by this process, by subject and result (ok or fault code).",
      labels: ["subject", "result"],
    });
    metrics.gauge({
      name: "gateway_bus_connected",
      help: "1 while the bus to other processes is connected, or there is none to connect to.",
      read: () => (bus.isConnected ? 1 : 0),
    });
  }

  get isConnected(): boolean {
    return this.#bus.isConnected;
  }

  async request<Input, Output>(
    question: Question<Input, Output>,
    input: Input,
    options: AskOptions,
  ): Promise<Output> {
    const { subject } = question;
    const asking = () => this.#bus.request(question, input, options);
    return await timed(asking, (result, seconds) => {
      this.#asked.add({ subject, result });
      this.#askedSeconds.observe({ subject }, seconds);
    });
  }

  serve<Input, Output>(question: Question<Input, Output>, answerer: Answerer<Input, Output>): void {
    const { subject } = question;
    this.#bus.serve(question, async (input, asked) => {
      const answering = () => answerer(input, asked);
      return await timed(answering, (result) => this.#answered.add({ subject, result }));
    });
  }

  isLocal<Input, Output>(question: Question<Input, Output>): boolean {
    return this.#bus.isLocal(question);
  }

  async publish<Fact>(
    announcement: Announcement<Fact>,
    fact: Fact,
    announced?: Announced,
  ): Promise<void> {
    const { subject } = announcement;
    const publishing = () => this.#bus.publish(announcement, fact, announced);
    await timed(publishing, (result) => this.#announced.add({ subject, result }));
  }

  subscribe<Fact>(announcement: Announcement<Fact>, listener: Listener<Fact>): void {
    this.#bus.subscribe(announcement, listener);
  }

  drain(): Promise<void> {
    return this.#bus.drain();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.drain();
  }
}
