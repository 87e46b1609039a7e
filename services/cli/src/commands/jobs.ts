/** `s3eg jobs`: begins jobs that a running gateway does, and tells, holds and ends them. */
import { type Job, JobAction, JobKind, JobWish } from "@s3eg/shared/contracts/jobs.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import type { JobBook } from "../../../edge/src/jobs/configured-job-list.ts";
import { jobArguments, summaryOf } from "../bucket-job.ts";
import { type Env, readToolConfig } from "../gateway-config.ts";
import { EXIT, ToolFailure } from "../tool-arguments.ts";
import { openToolJobs } from "../wiring/jobs.ts";

const USAGE = `usage: s3eg jobs list
       s3eg jobs show | pause | resume | cancel ID
       s3eg jobs start rewrap [--dry-run] [--upgrade] [--all] [--no-writers] [--remove-superseded] [--prefix P] [--rate N] BUCKET …
       s3eg jobs start seal-existing [--dry-run] [--no-writers] [--remove-superseded] [--prefix P] [--rate N] BUCKET …
       s3eg jobs start unseal --confirm [--dry-run] [--no-writers] [--remove-superseded] [--prefix P] [--rate N] BUCKET …
       s3eg jobs start verify [--prefix P] [--rate N] BUCKET …`;

const WRITING = ["dry-run", "no-writers", "remove-superseded"];
const FLAGS: Readonly<Record<JobKind, readonly string[]>> = {
  rewrap: [...WRITING, "upgrade", "all"],
  "seal-existing": WRITING,
  unseal: [...WRITING, "confirm"],
  verify: [],
};

/** Text for the terminal. `input.invalid` for other arguments; exit 3 where there is no such job, 1 where it can't be done to it now. */
export async function jobs(args: readonly string[], env: Env): Promise<string> {
  const [verb = "", subject = "", ...rest] = args;
  const { config } = readToolConfig("edge", env);
  const log = createLog({ service: "cli", level: "warn" });
  await using list = await openToolJobs(config, log);
  if (verb === "start") return await start(list, subject, rest);
  if (verb === "list" && args.length === 1) return await told(list);
  if (rest.length > 0 || subject === "") throw new Fault("input.invalid", USAGE);
  if (verb === "show") return shown(await found(list, subject));
  const action = JobAction.safeParse(verb);
  if (!action.success) throw new Fault("input.invalid", USAGE);
  const { id } = await found(list, subject);
  const answer = await list.steer(id, action.data);
  if ("job" in answer) return shown(answer.job);
  throw new ToolFailure(EXIT.failed, answer.refusal.message);
}

async function start(list: JobBook, name: string, args: readonly string[]): Promise<string> {
  const kind = JobKind.safeParse(name);
  if (!kind.success) throw new Fault("input.invalid", USAGE);
  const { buckets, prefix, perSecond, flags } = jobArguments(args, {
    flags: FLAGS[kind.data],
    usage: USAGE,
  });
  const wish = JobWish.safeParse({
    ...{ kind: kind.data, buckets, prefix, perSecond },
    isDry: flags.has("dry-run"),
    removesSuperseded: flags.has("remove-superseded"),
    hasNoWriters: flags.has("no-writers"),
    upgrades: flags.has("upgrade"),
    isForAll: flags.has("all"),
    ...(flags.has("confirm") ? { confirm: "plaintext" } : {}),
  });
  if (!wish.success) {
    const problems = wish.error.issues.map(({ message }) => message);
    throw new Fault("input.invalid", `${problems.join("; ")}\n${USAGE}`);
  }
  return shown(await list.begin(wish.data));
}

/** The beginning of an id is enough where it is one job's alone. */
async function found(list: JobBook, id: string): Promise<Job> {
  const named = (await list.read()).filter((one) => one.id.startsWith(id));
  const [job, ...others] = named;
  if (job && others.length === 0) return job;
  throw new ToolFailure(
    EXIT.notFound,
    `${job ? "several jobs begin with" : "there is no job"} ${id}`,
  );
}

async function told(list: JobBook): Promise<string> {
  const all = (await list.read()).toReversed();
  const lines = all.map(({ id, wish, status, createdAt }) => {
    return `${id} ${status.padEnd(9)} ${createdAt} ${wish.kind} ${wish.buckets.join(" ")}\n`;
  });
  return lines.length === 0 ? "no jobs\n" : lines.join("");
}

function shown({ id, wish, status, progress, error, createdAt, endedAt }: Job): string {
  const { kind, prefix } = wish;
  const what = prefix === "" ? kind : `${kind} --prefix ${JSON.stringify(prefix)}`;
  const lines = [
    `${id} ${what}: ${status}`,
    `  begun ${createdAt}${endedAt === undefined ? "" : `, ended ${endedAt}`}`,
    ...(error === undefined ? [] : [`  ${error}`]),
    ...progress.flatMap(({ bucket, counts, reasons, isDone, after }) => [
      `  ${bucket}: ${summaryOf(counts)}${placeOf(isDone, after)}`,
      ...Object.entries(reasons).map(([reason, count]) => `    ${count} ${reason}`),
    ]),
  ];
  return `${lines.join("\n")}\n`;
}

function placeOf(isDone: boolean, after: { readonly key: string } | undefined): string {
  if (isDone) return ", done";
  return after === undefined ? "" : `, behind ${JSON.stringify(after.key)}`;
}
