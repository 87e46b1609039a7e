/** What is counted of jobs, page by page. */
import type { Job } from "@s3eg/shared/contracts/jobs.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import type { JobPage } from "./bucket-walk.ts";

/** Counts the objects of a job's pages as they come; gives the pages. */
export type CountPages = (job: Job, pages: AsyncIterable<JobPage>) => AsyncGenerator<JobPage>;

/** Makes the metrics. */
export function jobMetrics(metrics: Metrics): CountPages {
  const objects = metrics.counter({
    name: "gateway_job_objects_total",
    help: "Objects that jobs have done, by kind of the job and what became of them.",
    labels: ["kind", "result"],
  });
  const rewrapped = metrics.counter({
    name: "gateway_key_rotation_objects_total",
    help: "Objects that jobs of re-wrapping have done; result as the job tells it: rewrapped, upgraded, current, waiting, gone, skipped or failed.",
    labels: ["result"],
  });
  return async function* counted({ wish: { kind } }, pages) {
    for await (const page of pages) {
      for (const { result } of page.outcomes) {
        objects.add({ kind, result });
        if (kind === "rewrap") rewrapped.add({ result });
      }
      yield page;
    }
  };
}
