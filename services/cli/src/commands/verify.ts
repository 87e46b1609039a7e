/** `s3eg verify`: opens every object of buckets to its last byte, and names those that do not open. */
import { type BucketJobOptions, jobArguments, runBucketJob } from "../bucket-job.ts";
import type { Env } from "../gateway-config.ts";

const USAGE = "usage: s3eg verify [--prefix P] [--rate N] [--restart] BUCKET …";

/** The report for the terminal. Exit 1 where an object does not open; an outage ends it with its fault, and run again it goes on. */
export async function verify(
  args: readonly string[],
  env: Env,
  options: BucketJobOptions = {},
): Promise<string> {
  const wish = jobArguments(args, { flags: [], usage: USAGE });
  return await runBucketJob(
    { ...wish, name: "verify", whatIsDone: ["verify"] },
    { env, ...options, pages: (site, on) => site.verify(on) },
  );
}
