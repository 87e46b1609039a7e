/** What the roles of a process did since it started, summed up from its metrics for who shows it. */
import type { RoleWork } from "../contracts/status.ts";
import type { Metrics, Sample } from "./metrics.ts";

/** Where the work of a role is measured. */
interface Source {
  readonly role: string;
  /** A counter of what has ended. */
  readonly total: string;
  /** What is counted apart for nothing that anybody waits for. */
  readonly ignores?: Readonly<Record<string, string>>;
  readonly outcomeOf: (labels: Sample["labels"]) => "ok" | "refused" | "failed";
  /** A histogram in seconds. */
  readonly durations: string;
  /** A counter with the label `direction`. */
  readonly bytes?: string;
}

const SOURCES: readonly Source[] = [
  {
    role: "edge",
    total: "http_requests_total",
    outcomeOf: ({ status }) => outcomeOfStatus(Number(status)),
    durations: "http_request_duration_seconds",
    bytes: "s3_client_bytes_total",
  },
  {
    role: "crypto",
    total: "gateway_transfers_total",
    outcomeOf: ({ result }) => outcomeOfCode(String(result)),
    durations: "gateway_transfer_duration_seconds",
  },
  {
    role: "keys",
    total: "gateway_keys_operations_total",
    // Whether the key store is there is asked all the time.
    ignores: { operation: "check" },
    outcomeOf: ({ result }) => outcomeOfCode(String(result)),
    durations: "gateway_keys_operation_duration_seconds",
  },
];

/** Of every role that has done anything here. */
export async function roleWork(metrics: Metrics): Promise<RoleWork[]> {
  const all = await Promise.all(SOURCES.map((source) => workOf(source, metrics)));
  return all.filter(({ requests }) => requests > 0);
}

async function workOf(source: Source, metrics: Metrics): Promise<RoleWork> {
  const counts = { ok: 0, refused: 0, failed: 0 };
  for (const { labels, value } of await counted(source, source.total, metrics)) {
    counts[source.outcomeOf(labels)] += value;
  }
  const bytes = source.bytes === undefined ? [] : await metrics.samples(source.bytes);
  const bytesGoing = (direction: string) =>
    sum(bytes.filter(({ labels }) => labels.direction === direction));
  return {
    role: source.role,
    requests: counts.ok + counts.refused + counts.failed,
    refusals: counts.refused,
    errors: counts.failed,
    bytesIn: bytesGoing("in"),
    bytesOut: bytesGoing("out"),
    durations: distribution(await counted(source, source.durations, metrics), source.durations),
  };
}

async function counted(
  { ignores = {} }: Source,
  name: string,
  metrics: Metrics,
): Promise<readonly Sample[]> {
  const ignored = Object.entries(ignores);
  const samples = await metrics.samples(name);
  return samples.filter(({ labels }) => !ignored.some(([label, value]) => labels[label] === value));
}

/** The buckets of a histogram, summed over its labels, in rising order; the last one counts all. */
function distribution(samples: readonly Sample[], name: string): RoleWork["durations"] {
  const buckets = new Map<number, number>();
  for (const { name: of, labels, value } of samples) {
    if (of !== `${name}_bucket`) continue;
    const le = labels.le === "+Inf" ? Number.POSITIVE_INFINITY : Number(labels.le);
    buckets.set(le, (buckets.get(le) ?? 0) + value);
  }
  return [...buckets]
    .sort(([a], [b]) => a - b)
    .map(([le, count]) => (Number.isFinite(le) ? { le, count } : { count }));
}

function sum(samples: readonly Sample[]): number {
  return samples.reduce((total, { value }) => total + value, 0);
}

/** 501 says what the gateway does not do, which is as the client wished for it. */
function outcomeOfStatus(status: number): "ok" | "refused" | "failed" {
  if (status < 400) return "ok";
  return status < 500 || status === 501 ? "refused" : "failed";
}

/** Faults that say something of the asker or of what it asked for. */
function outcomeOfCode(code: string): "ok" | "refused" | "failed" {
  if (code === "ok") return "ok";
  return /^(?:input|auth|client|limit)\.|^backend\.(?:changed|refused)$/.test(code)
    ? "refused"
    : "failed";
}
