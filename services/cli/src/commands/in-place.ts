/** `s3eg seal-existing` and `s3eg unseal`: the objects of buckets sealed in place, or brought back to plaintext, with no lock-in (docs/operations.md). */
import { Fault } from "@s3eg/shared/faults.ts";
import type { InPlaceWish } from "../../../edge/src/jobs/configured-in-place.ts";
import { type BucketJobOptions, jobArguments, runBucketJob } from "../bucket-job.ts";
import type { Env } from "../gateway-config.ts";

const OPTIONS =
  "[--dry-run] [--prefix P] [--rate N] [--restart] [--no-writers] [--remove-superseded]";

/** Seals what lies unsealed. An outage ends it with its fault; run again, it goes on where it was. Exit 1 where an object failed. */
export async function sealExisting(
  args: readonly string[],
  env: Env,
  options: BucketJobOptions = {},
): Promise<string> {
  return await inPlace("seal-existing", { args, env }, options);
}

/** The way out: every object as the client put it. Without `--confirm` it only says what it would do. */
export async function unseal(
  args: readonly string[],
  env: Env,
  options: BucketJobOptions = {},
): Promise<string> {
  return await inPlace("unseal", { args, env }, options);
}

async function inPlace(
  job: InPlaceWish["job"],
  { args, env }: { args: readonly string[]; env: Env },
  options: BucketJobOptions,
): Promise<string> {
  const isUnseal = job === "unseal";
  const usage = `usage: s3eg ${job} ${isUnseal ? "--confirm " : ""}${OPTIONS} BUCKET …`;
  const flags = ["dry-run", "no-writers", "remove-superseded", ...(isUnseal ? ["confirm"] : [])];
  const wish = jobArguments(args, { flags, usage });
  const isDry = wish.flags.has("dry-run");
  if (isUnseal && !isDry && !wish.flags.has("confirm")) {
    throw new Fault(
      "input.invalid",
      `unseal leaves plaintext on the backend: say so with --confirm, or look with --dry-run first\n${usage}`,
    );
  }
  const treated = {
    job,
    isDry,
    removesSuperseded: wish.flags.has("remove-superseded"),
    hasNoWriters: wish.flags.has("no-writers"),
  };
  const whatIsDone = [job, isDry, treated.removesSuperseded];
  return await runBucketJob(
    { ...wish, name: job, whatIsDone },
    { env, ...options, pages: (site, on) => site.replace({ ...treated, ...on }) },
  );
}
