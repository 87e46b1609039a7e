/** Metrics, through prom-client: one registry per process, made once and passed in. */
import {
  collectDefaultMetrics,
  Counter as PromCounter,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  Registry,
} from "prom-client";
import { processMetrics } from "./process-metrics.ts";

/** A value for every label of a metric. */
type Labels<Label extends string> = Readonly<Record<Label, string>>;

/** Only ever grows. */
export interface Counter<Label extends string> {
  add(labels: Labels<Label>, amount?: number): void;
}

/** Goes up and down. */
export interface Gauge<Label extends string> {
  set(labels: Labels<Label>, value: number): void;
  add(labels: Labels<Label>, amount: number): void;
}

/** Distribution of observed values. */
export interface Histogram<Label extends string> {
  observe(labels: Labels<Label>, value: number): void;
}

/** What a metric is called and labelled with. Label values are bounded sets: never a key, an access key or a request id. */
interface MetricDefinition<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly Label[];
}

/** The value of one series. */
export interface Sample {
  /** That of the metric; in a histogram with `_bucket`, `_sum` or `_count` after it. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string | number | undefined>>;
  readonly value: number;
}

/**
 * The metrics of a process. Asking for the same name, kind and labels again gives the same metric, so that roles sharing a
 * process can share one; the same name with others is a bug and throws.
 */
export interface Metrics {
  counter<Label extends string = never>(definition: MetricDefinition<Label>): Counter<Label>;
  gauge<Label extends string = never>(
    definition: MetricDefinition<Label> & {
      /** Read at every scrape; only for a gauge without labels. */
      readonly read?: () => number;
    },
  ): Gauge<Label>;
  histogram<Label extends string = never>(
    definition: MetricDefinition<Label> & { readonly buckets?: readonly number[] },
  ): Histogram<Label>;
  /** Every series of one metric as it is now, of a histogram its buckets, sums and counts; none where there is no such metric. */
  samples(name: string): Promise<readonly Sample[]>;
  /** Everything in the Prometheus text format. */
  text(): Promise<string>;
  /** Content type of `text()`. */
  readonly contentType: string;
}

/** Makes the registry of a process, with what the process tells of itself in it. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const metrics = new PromMetrics(registry);
  processMetrics(metrics);
  return metrics;
}

/** A series as prom-client gives it; only histograms and summaries name what it is of. */
type PromSample = Omit<Sample, "name"> & { readonly metricName?: string };

class PromMetrics implements Metrics {
  readonly #registry: Registry;
  /** Kind and labels of each name. */
  readonly #shapes = new Map<string, string>();

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  async samples(name: string): Promise<readonly Sample[]> {
    const metric = await this.#registry.getSingleMetric(name)?.get();
    return (metric?.values ?? []).map((sample: PromSample) => {
      return { name: sample.metricName ?? name, labels: sample.labels, value: sample.value };
    });
  }

  counter<Label extends string = never>(definition: MetricDefinition<Label>): Counter<Label> {
    const counter = this.#once("counter", definition, (base) => new PromCounter<Label>(base));
    return { add: (labels, amount = 1) => counter.inc(labels, amount) };
  }

  gauge<Label extends string = never>(
    definition: MetricDefinition<Label> & { readonly read?: () => number },
  ): Gauge<Label> {
    const { read } = definition;
    const gauge = this.#once("gauge", definition, (base) => {
      const made: PromGauge<Label> = new PromGauge<Label>({
        ...base,
        ...(read ? { collect: () => made.set(read()) } : {}),
      });
      return made;
    });
    return {
      set: (labels, value) => gauge.set(labels, value),
      add: (labels, amount) => gauge.inc(labels, amount),
    };
  }

  histogram<Label extends string = never>(
    definition: MetricDefinition<Label> & { readonly buckets?: readonly number[] },
  ): Histogram<Label> {
    const { buckets } = definition;
    const histogram = this.#once("histogram", definition, (base) => {
      return new PromHistogram<Label>({ ...base, ...(buckets ? { buckets: [...buckets] } : {}) });
    });
    return { observe: (labels, value) => histogram.observe(labels, value) };
  }

  #once<Label extends string, Metric>(
    kind: string,
    { name, help, labels = [] }: MetricDefinition<Label>,
    make: (base: {
      name: string;
      help: string;
      labelNames: readonly Label[];
      registers: Registry[];
    }) => Metric,
  ): Metric {
    const shape = `${kind} ${labels.join(" ")}`;
    const known = this.#shapes.get(name);
    if (known === undefined) {
      this.#shapes.set(name, shape);
      return make({ name, help, labelNames: labels, registers: [this.#registry] });
    }
    if (known !== shape) throw new Error(`metric ${name} is defined twice: ${known}, ${shape}`);
    return this.#registry.getSingleMetric(name) as Metric;
  }
}
