/** `s3eg rewrap`: brings the objects of buckets under the key version that writes now, without moving a byte of them (format.md §9). */
import { parseArgs } from "node:util";
import { Fault } from "@s3eg/shared/faults.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { linesOf, summaryOf } from "../bucket-job.ts";
import { type Env, readGatewayConfig } from "../gateway-config.ts";
import { KeptTags } from "../kept-tags.ts";
import { KeptProgress, NO_PROGRESS, type Progress, withPage } from "../rewrap-progress.ts";
import { writeRewrapReport } from "../rewrap-reports.ts";
import { startJobSite } from "../wiring/job-site.ts";

const USAGE =
  "usage: s3eg rewrap [--dry-run] [--upgrade] [--all] [--prefix P] [--rate N] [--restart] [--no-writers] [--remove-superseded] BUCKET …";

/** What the job tells on its way, and how it is stopped: what is done by then is done, and the next run goes on. */
export interface RewrapOptions {
  readonly progress?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** The report for the terminal. An outage ends it with its fault; run again, it goes on where it was. */
export async function rewrap(
  args: readonly string[],
  env: Env,
  { progress = toStandardError, signal = new AbortController().signal }: RewrapOptions = {},
): Promise<string> {
  const { buckets, hasRestart, ...wish } = wishOf(args);
  const { config, roles } = readGatewayConfig(["edge", "crypto", "keys"], env);
  const log = createLog({ service: "cli", level: "warn" });
  await using job = await startJobSite({ config, roles, env }, { log, signal });
  const reports: string[] = [];
  for (const bucket of buckets) {
    const { prefix, isDry, upgrades, isForAll, removesSuperseded } = wish;
    const whatIsDone = [bucket, prefix, isDry, upgrades, isForAll, removesSuperseded];
    const kept = new KeptProgress(config.data_dir, whatIsDone);
    if (hasRestart) kept.remove();
    let state = kept.read() ?? { ...NO_PROGRESS, startedAt: new Date().toISOString() };
    if (state.after) progress(`${bucket}: going on behind ${JSON.stringify(state.after.key)}\n`);
    const pendingTags = new KeptTags(config.data_dir, bucket);
    for await (const page of job.rewrap({ ...wish, bucket, pendingTags, after: state.after })) {
      state = withPage(state, page);
      kept.write(state);
      for (const line of linesOf(bucket, page)) progress(line);
      progress(`${bucket}: ${summaryOf(state.counts)}\n`);
    }
    kept.remove();
    writeRewrapReport(config.data_dir, { bucket, prefix, ...state });
    reports.push(reportOf(bucket, state));
  }
  return reports.join("");
}

function toStandardError(line: string): void {
  process.stderr.write(line);
}

function wishOf(args: readonly string[]) {
  const { positionals: buckets, values } = parsed(args);
  const perSecond = Number(values.rate ?? "1000");
  if (buckets.length === 0 || !(perSecond > 0 && perSecond <= 1_000_000)) {
    throw new Fault("input.invalid", USAGE);
  }
  return {
    buckets,
    prefix: values.prefix ?? "",
    isDry: values["dry-run"] ?? false,
    upgrades: values.upgrade ?? false,
    isForAll: values.all ?? false,
    hasRestart: values.restart ?? false,
    hasNoWriters: values["no-writers"] ?? false,
    removesSuperseded: values["remove-superseded"] ?? false,
    perSecond,
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        "dry-run": { type: "boolean" },
        upgrade: { type: "boolean" },
        all: { type: "boolean" },
        restart: { type: "boolean" },
        "no-writers": { type: "boolean" },
        "remove-superseded": { type: "boolean" },
        prefix: { type: "string" },
        rate: { type: "string" },
      },
    });
  } catch (cause) {
    throw new Fault("input.invalid", USAGE, { cause });
  }
}

function reportOf(bucket: string, { counts, reasons, minimumTimeClasses }: Progress): string {
  const lines = [
    `${bucket}: ${summaryOf(counts)}`,
    ...Object.entries(reasons).map(([reason, count]) => `  ${count} ${reason}`),
    ...Object.entries(minimumTimeClasses).map(
      ([storageClass, count]) =>
        `  ${count} in ${storageClass}, which is paid for a minimum time: the copy begins it anew`,
    ),
  ];
  return `${lines.join("\n")}\n`;
}
