/** A job that a command runs itself on one bucket after another: arguments, progress that outlives it, lines for a person, the report. */
import { parseArgs } from "node:util";
import { Fault } from "@s3eg/shared/faults.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import type { JobPage } from "../../edge/src/jobs/bucket-walk.ts";
import { type Env, readGatewayConfig } from "./gateway-config.ts";
import { KeptProgress, NO_PROGRESS, type Progress, withPage } from "./rewrap-progress.ts";
import { EXIT, ToolFailure } from "./tool-arguments.ts";
import { type JobSite, startJobSite } from "./wiring/job-site.ts";

/** What the job tells on its way, and how it is stopped: what is done by then is done, and the next run goes on. */
export interface BucketJobOptions {
  readonly progress?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** What a job was called with. */
export interface JobArguments {
  readonly buckets: readonly string[];
  readonly prefix: string;
  readonly perSecond: number;
  readonly hasRestart: boolean;
  /** Names of the flags that were given. */
  readonly flags: ReadonlySet<string>;
}

/** The part of a job that is one bucket's. */
export interface OnBucket {
  readonly bucket: string;
  readonly prefix: string;
  readonly perSecond: number;
  readonly after: Progress["after"];
}

/** Reads the arguments; `usage` is the message of `input.invalid` for anything that is not of them. */
export function jobArguments(
  args: readonly string[],
  { flags, usage }: { flags: readonly string[]; usage: string },
): JobArguments {
  const { positionals: buckets, values } = parsed(args, [...flags, "restart"], usage);
  const perSecond = Number(values.rate ?? "1000");
  if (buckets.length === 0 || !(perSecond > 0 && perSecond <= 1_000_000)) {
    throw new Fault("input.invalid", usage);
  }
  const { restart, prefix } = values;
  const given = flags.filter((name) => values[name] === true);
  return {
    buckets,
    prefix: typeof prefix === "string" ? prefix : "",
    perSecond,
    hasRestart: restart === true,
    flags: new Set(given),
  };
}

function parsed(args: readonly string[], flags: readonly string[], usage: string) {
  const flag = { type: "boolean" } as const;
  const text = { type: "string" } as const;
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...Object.fromEntries(flags.map((name) => [name, flag])),
        prefix: text,
        rate: text,
      },
    });
    return { positionals, values: values as Record<string, string | boolean | undefined> };
  } catch (cause) {
    throw new Fault("input.invalid", usage, { cause });
  }
}

/** Runs the job; the report, or where an object failed a failure that has it as message (exit code 1). */
export async function runBucketJob(
  job: JobArguments & { readonly name: string; readonly whatIsDone: readonly unknown[] },
  running: BucketJobOptions & {
    readonly env: Env;
    readonly pages: (site: JobSite, on: OnBucket) => AsyncGenerator<JobPage>;
  },
): Promise<string> {
  const { env, pages, progress = toStandardError, signal = new AbortController().signal } = running;
  const { config, roles } = readGatewayConfig(["edge", "crypto", "keys"], env);
  const log = createLog({ service: "cli", level: "warn" });
  await using site = await startJobSite({ config, roles, env }, { log, signal });
  const reports: string[] = [];
  let hasFailed = false;
  for (const bucket of job.buckets) {
    const { prefix, perSecond } = job;
    const kept = new KeptProgress(config.data_dir, [bucket, prefix, ...job.whatIsDone]);
    if (job.hasRestart) kept.remove();
    let state = kept.read() ?? { ...NO_PROGRESS, startedAt: new Date().toISOString() };
    if (state.after) progress(`${bucket}: going on behind ${JSON.stringify(state.after.key)}\n`);
    for await (const page of pages(site, { bucket, prefix, perSecond, after: state.after })) {
      state = withPage(state, page);
      kept.write(state);
      for (const line of linesOf(bucket, page)) progress(line);
      progress(`${bucket}: ${summaryOf(state.counts)}\n`);
    }
    kept.remove();
    hasFailed ||= (state.counts.failed ?? 0) > 0;
    reports.push(reportOf(bucket, state));
  }
  const report = reports.join("");
  if (hasFailed) throw new ToolFailure(EXIT.failed, report.trimEnd());
  return report;
}

function toStandardError(line: string): void {
  process.stderr.write(line);
}

/** A line for every object that a person may have to look at. */
export function linesOf(bucket: string, { outcomes }: Pick<JobPage, "outcomes">): string[] {
  return outcomes
    .filter(({ result, reason }) => reason !== undefined && result !== "waiting")
    .map(({ key, versionId, result, reason = "" }) => {
      const version = versionId === undefined ? "" : ` (version ${versionId})`;
      return `${result} ${JSON.stringify(`${bucket}/${key}`)}${version}: ${reason}\n`;
    });
}

/** Objects by what became of them. */
export function summaryOf(counts: Progress["counts"]): string {
  const named = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  return named.length === 0 ? "no objects" : named.join(", ");
}

function reportOf(bucket: string, { counts, reasons }: Progress): string {
  const lines = [
    `${bucket}: ${summaryOf(counts)}`,
    ...Object.entries(reasons).map(([reason, count]) => `  ${count} ${reason}`),
  ];
  return `${lines.join("\n")}\n`;
}
