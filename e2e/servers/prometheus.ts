/** A Prometheus that scrapes every second, and promtool. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Child, runToEnd, startChild, untilReady } from "./child.ts";
import { findProgram, freePort, makeScratch } from "./place.ts";
import { orTakeDown, takeDown } from "./s3-server.ts";

/** A rule of alerts or of recorded series. */
interface EvaluatedRule {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
}

/** What a query gave for one series; an instant vector has one of each set of labels. */
interface QueriedSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What is asked of a running Prometheus. */
export interface PrometheusApi {
  /** The instant vector of a query; throws what Prometheus says of one that it does not understand. */
  query(expression: string): Promise<QueriedSeries[]>;
  /** Alerts that fire or are about to, by name. */
  alerts(): Promise<string[]>;
  /** Every rule that it loaded, with `ok`, `err` or `unknown` before it was first evaluated, and what went wrong. */
  rules(): Promise<EvaluatedRule[]>;
}

/** A running Prometheus on loopback. */
export interface Prometheus extends PrometheusApi, AsyncDisposable {}

/** What it scrapes (URLs of `/metrics` by job) and which files of rules it evaluates. */
export interface PrometheusOptions {
  readonly jobs: Readonly<Record<string, readonly string[]>>;
  readonly ruleFiles: readonly string[];
}

/** Starts one. */
export async function startPrometheus({ jobs, ruleFiles }: PrometheusOptions): Promise<Prometheus> {
  const program = findProgram("prometheus", "prometheus");
  const scratch = await makeScratch("prometheus");
  const children: Child[] = [];
  return await orTakeDown(children, scratch, async () => {
    const port = await freePort();
    const file = join(scratch.folder, "prometheus.yml");
    await writeFile(
      file,
      JSON.stringify({
        global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
        rule_files: ruleFiles,
        scrape_configs: Object.entries(jobs).map(([name, urls]) => ({
          job_name: name,
          static_configs: [{ targets: urls.map((url) => new URL(url).host) }],
        })),
      }),
    );
    const args = [
      `--config.file=${file}`,
      `--web.listen-address=127.0.0.1:${port}`,
      `--storage.tsdb.path=${join(scratch.folder, "data")}`,
    ];
    children.push(await startChild({ program, args }));
    const base = `http://127.0.0.1:${port}`;
    await untilReady("prometheus", children, {
      probe: async () => (await fetch(`${base}/-/ready`)).ok,
    });
    return {
      ...prometheusAt(base),
      [Symbol.asyncDispose]: () => takeDown(children, scratch),
    };
  });
}

/** Asks the one at `base` (`http://127.0.0.1:9091`), whoever started it. */
export function prometheusAt(base: string): PrometheusApi {
  return {
    query: (expression) => query(base, expression),
    alerts: async () => {
      const { alerts } = (await apiOf(`${base}/api/v1/alerts`)) as {
        alerts: { labels: { alertname: string } }[];
      };
      return alerts.map(({ labels }) => labels.alertname);
    },
    rules: async () => {
      const { groups } = (await apiOf(`${base}/api/v1/rules`)) as {
        groups: { rules: EvaluatedRule[] }[];
      };
      return groups.flatMap(({ rules }) => rules);
    },
  };
}

/** Runs promtool and returns what it prints; throws with it where promtool finds fault. */
export async function promtool(args: readonly string[]): Promise<string> {
  return await runToEnd({ program: findProgram("promtool", "prometheus"), args });
}

/** What promtool finds wrong with a text of metrics, a line each. */
export async function lintMetrics(text: string): Promise<string[]> {
  await using scratch = await makeScratch("promtool");
  const file = join(scratch.folder, "metrics.txt");
  await writeFile(file, text);
  const program = findProgram("promtool", "prometheus");
  // It reads standard input alone, and ends with 3 where it has a word to say.
  const script = '"$0" check metrics <"$1" 2>&1 || [ $? -eq 3 ]';
  const told = await runToEnd({ program: "sh", args: ["-c", script, program, file] });
  return told.split("\n").filter((line) => line !== "");
}

async function query(base: string, expression: string): Promise<QueriedSeries[]> {
  const url = `${base}/api/v1/query?query=${encodeURIComponent(expression)}`;
  const data = (await apiOf(url)) as {
    result: { metric: Record<string, string>; value: [number, string] }[];
  };
  return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
}

async function apiOf(url: string): Promise<unknown> {
  const answer = (await (await fetch(url, { signal: AbortSignal.timeout(60_000) })).json()) as {
    status: string;
    error?: string;
    data: unknown;
  };
  if (answer.status !== "success") throw new Error(`${url}: ${answer.error}`);
  return answer.data;
}
