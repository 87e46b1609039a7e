/** A span maker that keeps what it made, for tests that look at traces. */
import {
  failureCode,
  type Span,
  type SpanMaker,
  type SpanStart,
  Tracing,
  type TracingRules,
} from "../../src/runtime/tracing.ts";

/** A span as a collector would have it. */
export interface KeptSpan extends SpanStart {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly attributes: Record<string, string | number | boolean>;
  /** Undefined while it is under way; `ok`, or the code of what was thrown. */
  readonly ended: string | undefined;
}

/** Spans in the order in which they began. */
export class KeptSpans implements SpanMaker {
  readonly spans: KeptSpan[] = [];

  /** Tracing into this. By default everything is traced. */
  tracing(rules: Partial<TracingRules> = {}): Tracing {
    const all = { samplingRatio: 1, clientTraceparent: "join", showsSensitive: false } as const;
    return new Tracing(this, { ...all, ...rules });
  }

  /** Each span as `name < parent's name`, with what it ended with. */
  get told(): string[] {
    return this.spans.map(({ name, parentSpanId, ended = "under way" }) => {
      const parent = this.spans.find(({ spanId }) => spanId === parentSpanId);
      return `${name} < ${parent?.name ?? parentSpanId ?? "nothing"}: ${ended}`;
    });
  }

  start({ name, kind, attributes }: SpanStart, parent: string | undefined): Span {
    const number = this.spans.length + 1;
    const [, traceId = number.toString(16).padStart(32, "0"), parentSpanId] =
      parent?.split("-") ?? [];
    const spanId = number.toString(16).padStart(16, "0");
    const at = this.spans.push({
      name,
      kind,
      traceId,
      spanId,
      parentSpanId,
      attributes: { ...attributes },
      ended: undefined,
    });
    const change = (changed: Partial<KeptSpan>) => {
      const span = this.spans[at - 1];
      if (span?.ended === undefined) this.spans[at - 1] = { ...span, ...changed } as KeptSpan;
    };
    return {
      traceId,
      traceparent: `00-${traceId}-${spanId}-01`,
      rename: (renamed) => change({ name: renamed }),
      set: (more) => change({ attributes: { ...this.spans[at - 1]?.attributes, ...more } }),
      end: (failure) => change({ ended: failure ? failureCode(failure.error) : "ok" }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
