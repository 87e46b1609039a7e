/**
 * Traces: one tree of spans for each S3 request that is traced, over all services it passes (W3C Trace Context). A request that is
 * not traced has no span anywhere. Spans carry names, sizes and codes: no header, no message of an error, no body.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { isFault } from "../faults.ts";

/** Facts of a span, under the names of OpenTelemetry's semantic conventions where there is one. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** A span that is to begin. */
export interface SpanStart {
  readonly name: string;
  /** Which end of a call it is, seen from this process; `internal` for work that is neither. */
  readonly kind: "internal" | "server" | "client" | "producer" | "consumer";
  readonly attributes?: Attributes;
}

/** Work under way. */
export interface Span {
  readonly traceId: string;
  /** What whoever does part of this work is sent (W3C Trace Context §3.2). */
  readonly traceparent: string;
  rename(name: string): void;
  set(attributes: Attributes): void;
  /** Ends it, well or with what was thrown; later calls change nothing. */
  end(failure?: { readonly error: unknown }): void;
}

/** Makes spans and brings them to whoever collects them. */
export interface SpanMaker extends AsyncDisposable {
  /** `parent` is a `traceparent`; undefined: the span begins a trace. */
  start(span: SpanStart, parent: string | undefined): Span;
}

/** What a client's `traceparent` is good for: nothing, the trace that it names, or also the decision whether it is traced. */
type ClientTraceparent = "ignore" | "join" | "obey";

/** Which requests are traced, and what spans may tell. */
export interface TracingRules {
  /** Share of requests, 0 to 1. */
  readonly samplingRatio: number;
  readonly clientTraceparent: ClientTraceparent;
  /** Spans may name object keys, and addresses and programs of clients. */
  readonly showsSensitive: boolean;
}

/** The spans of a process. Everything started within the work of a span becomes its child. */
export class Tracing {
  readonly rules: TracingRules;
  readonly #maker: SpanMaker;
  readonly #current = new AsyncLocalStorage<Span>();

  constructor(maker: SpanMaker, rules: TracingRules) {
    this.#maker = maker;
    this.rules = rules;
  }

  /** The span whose work this is; undefined where nothing is traced. */
  get current(): Span | undefined {
    return this.#current.getStore();
  }

  /** Runs a request that a client sent, in a span that the caller ends; without one if it is not to be traced. */
  request<Result>(
    { client, ...span }: SpanStart & { readonly client: unknown },
    act: () => Result,
  ): Result {
    const parent = parseTraceparent(client);
    const trusted = this.rules.clientTraceparent === "ignore" ? undefined : parent;
    if (!this.#isSampled(trusted)) return act();
    return this.within(this.#maker.start(span, trusted?.text), act);
  }

  /** Begins a span that the caller ends, for work that somebody sent a `traceparent` with; undefined where nobody did. */
  answer(span: SpanStart, traceparent: string | undefined): Span | undefined {
    const parent = parseTraceparent(traceparent);
    return parent?.isSampled ? this.#maker.start(span, parent.text) : undefined;
  }

  /** Begins a span that the caller ends, as part of the work under way; undefined where that is not traced. */
  part(span: SpanStart): Span | undefined {
    return this.current && this.#maker.start(span, this.current.traceparent);
  }

  /** Runs what is part of a span's work; with undefined, just runs it. */
  within<Result>(span: Span | undefined, act: () => Result): Result {
    return span ? this.#current.run(span, act) : act();
  }

  #isSampled(client: Traceparent | undefined): boolean {
    const { samplingRatio, clientTraceparent } = this.rules;
    if (client && clientTraceparent === "obey") return client.isSampled;
    // By the id of the trace where there is one: all services with this ratio decide alike.
    const share = client ? Number.parseInt(client.traceId.slice(-13), 16) / 2 ** 52 : Math.random();
    return share < samplingRatio;
  }
}

/** Runs part of a request in a span of its own, where there is tracing and the request is traced. */
export function traced<Result>(
  tracing: Tracing | undefined,
  span: SpanStart,
  act: () => Result,
): Result {
  const part = tracing?.part(span);
  return tracing && part ? spanned(tracing, part, act) : act();
}

/** Runs work within a span that ends with it. */
export function spanned<Result>(tracing: Tracing, span: Span, act: () => Result): Result {
  const failed = (error: unknown): never => {
    span.end({ error });
    throw error;
  };
  let result: Result;
  try {
    result = tracing.within(span, act);
  } catch (error) {
    return failed(error);
  }
  if (!(result instanceof Promise)) {
    span.end();
    return result;
  }
  const ended = result.then((value: unknown) => {
    span.end();
    return value;
  }, failed);
  return ended as Result;
}

/** What a span says of a failure: a fault's code, an S3 error's, else the error's class. Never its message. */
export function failureCode(error: unknown): string {
  if (isFault(error)) return error.code;
  if (!(error instanceof Error)) return "unknown";
  const code: unknown = "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : error.name;
}

interface Traceparent {
  readonly text: string;
  readonly traceId: string;
  readonly isSampled: boolean;
}

const TRACEPARENT =
  /^[0-9a-f]{2}-(?<trace>[0-9a-f]{32})-(?<span>[0-9a-f]{16})-(?<flags>[0-9a-f]{2})/;

/** The field's value in version 00; undefined for what is none (W3C Trace Context §3.2.2: it is then as if there were none). */
function parseTraceparent(value: unknown): Traceparent | undefined {
  if (typeof value !== "string") return undefined;
  const { trace = "", span = "", flags = "" } = TRACEPARENT.exec(value)?.groups ?? {};
  const isVersion0 = value.startsWith("00-");
  if (
    value.startsWith("ff-") ||
    (isVersion0 ? value.length !== 55 : !/^.{55}(?:-|$)/.test(value))
  ) {
    return undefined;
  }
  if (/^0*$/.test(trace) || /^0*$/.test(span)) return undefined;
  const isSampled = (Number.parseInt(flags, 16) & 1) === 1;
  return { text: `00-${trace}-${span}-0${isSampled ? 1 : 0}`, traceId: trace, isSampled };
}
