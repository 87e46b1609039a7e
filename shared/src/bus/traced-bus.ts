/** A bus whose questions and announcements are spans, where they belong to a request that is traced. */
import type { Announcement, Question } from "../contracts/contract.ts";
import { type SpanStart, spanned, type Tracing } from "../runtime/tracing.ts";
import type { Announced, Answerer, AskOptions, Bus, Listener } from "./bus.ts";

/** Both ends of what goes over `bus` in spans: the asker's, and below it that of whoever answers or hears. */
export class TracedBus implements Bus {
  readonly #bus: Bus;
  readonly #tracing: Tracing;

  constructor(bus: Bus, tracing: Tracing) {
    this.#bus = bus;
    this.#tracing = tracing;
  }

  get isConnected(): boolean {
    return this.#bus.isConnected;
  }

  request<Input, Output>(
    question: Question<Input, Output>,
    input: Input,
    options: AskOptions,
  ): Promise<Output> {
    const span = this.#tracing.part(spanStart("ask", "client", question));
    if (!span) return this.#bus.request(question, input, options);
    const { traceparent } = span;
    return spanned(this.#tracing, span, () => {
      return this.#bus.request(question, input, { ...options, traceparent });
    });
  }

  serve<Input, Output>(question: Question<Input, Output>, answerer: Answerer<Input, Output>): void {
    const start = spanStart("answer", "server", question);
    this.#bus.serve(question, (input, asked) => {
      const span = this.#tracing.answer(start, asked.traceparent);
      if (!span) return answerer(input, asked);
      return spanned(this.#tracing, span, () => answerer(input, asked));
    });
  }

  isLocal<Input, Output>(question: Question<Input, Output>): boolean {
    return this.#bus.isLocal(question);
  }

  publish<Fact>(
    announcement: Announcement<Fact>,
    fact: Fact,
    announced?: Announced,
  ): Promise<void> {
    const span = this.#tracing.part(spanStart("announce", "producer", announcement));
    if (!span) return this.#bus.publish(announcement, fact, announced);
    const { traceparent } = span;
    return spanned(this.#tracing, span, () => {
      return this.#bus.publish(announcement, fact, { ...announced, traceparent });
    });
  }

  subscribe<Fact>(announcement: Announcement<Fact>, listener: Listener<Fact>): void {
    const start = spanStart("hear", "consumer", announcement);
    this.#bus.subscribe(announcement, (fact, announced) => {
      const span = this.#tracing.answer(start, announced.traceparent);
      if (!span) return listener(fact, announced);
      return spanned(this.#tracing, span, () => listener(fact, announced));
    });
  }

  drain(): Promise<void> {
    return this.#bus.drain();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.drain();
  }
}

/** By subjects without their prefix: they are few, and say nothing of whom a request is about. */
function spanStart(
  verb: string,
  kind: SpanStart["kind"],
  { subject }: { readonly subject: string },
): SpanStart {
  return {
    name: `${verb} ${subject}`,
    kind,
    attributes: { "messaging.destination.name": subject, "messaging.operation.name": verb },
  };
}
