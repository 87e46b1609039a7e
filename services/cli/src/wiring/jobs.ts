/** Where jobs are kept and queued, as the settings say: shared over NATS, or in DATA_DIR alone; and the part of edge that runs them. */
import { join } from "node:path";
import type { Backend } from "@s3eg/shared/backend/backend.ts";
import type { NatsBus } from "@s3eg/shared/bus/nats-bus.ts";
import { NatsKeptValue } from "@s3eg/shared/bus/nats-kept-value.ts";
import { NatsWorkQueue } from "@s3eg/shared/bus/nats-work-queue.ts";
import type { TransferClient } from "@s3eg/shared/http/transfer.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Secret } from "@s3eg/shared/runtime/secret.ts";
import { AnswerGuard } from "@s3eg/shared/trust/answerer.ts";
import type { AskerSession } from "@s3eg/shared/trust/asker.ts";
import type { Policies } from "../../../edge/src/auth/policy.ts";
import { type JobBook, openJobBook } from "../../../edge/src/jobs/configured-job-list.ts";
import { type SharedJobs, startJobs } from "../../../edge/src/jobs/configured-jobs.ts";
import type { GatewayConfig } from "../gateway-config.ts";
import { KeptTags } from "../kept-tags.ts";
import { openBus } from "./buses.ts";
import type { Process } from "./process.ts";
import { secretsOf } from "./secrets.ts";

/** What of a process the jobs of its edge need. */
type JobsRole = Pick<Process, "config" | "bus" | "nats" | "secrets" | "metrics"> & {
  readonly backend: Backend;
  readonly crypto: TransferClient;
  readonly session: AskerSession | undefined;
  readonly needsEqualParts: boolean;
  readonly policies: () => Policies;
  readonly log: Log;
};

/** How long a tool waits for the broker. */
const TOOL_PATIENCE_MS = 10_000;

/** Answers about jobs, and runs them, until it is disposed of. */
export function startJobsRole(role: JobsRole): AsyncDisposable {
  const { config, nats, secrets } = role;
  const shared = sharedJobs(config, nats, secrets?.service);
  return startJobs({
    ...role,
    shared,
    folder: folderOf(config),
    guard: secrets && new AnswerGuard({ secret: secrets.service }),
    pendingTags: (bucket) => new KeptTags(config.data_dir, bucket),
  });
}

/** The jobs for a tool, beside a gateway that may run. `config.invalid` where SERVICE_SECRET is needed and missing; faults of the broker. */
export async function openToolJobs(
  config: GatewayConfig,
  log: Log,
): Promise<JobBook & AsyncDisposable> {
  await using held = new AsyncDisposableStack();
  const roles = new Set(["edge"] as const);
  const secrets = await secretsOf(config, roles);
  const signal = AbortSignal.timeout(TOOL_PATIENCE_MS);
  const { bus, nats } = await openBus(config.nats, { roles, log, signal });
  held.defer(() => bus.drain());
  const book = openJobBook(folderOf(config), sharedJobs(config, nats, secrets?.service));
  const parts = held.move();
  return { ...book, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

function folderOf({ data_dir }: GatewayConfig): string {
  return join(data_dir, "jobs");
}

function sharedJobs(
  { nats: { subject_prefix: prefix, replicas } }: GatewayConfig,
  nats: NatsBus | undefined,
  secret: Secret<Uint8Array> | undefined,
): SharedJobs | undefined {
  if (!nats || !secret) return undefined;
  const name = `${prefix}-jobs`;
  return {
    name,
    secret,
    value: new NatsKeptValue(nats.connection, { bucket: name, key: "jobs", replicas }),
    queue: new NatsWorkQueue(nats.connection, {
      stream: `${prefix}-job-queue`,
      subject: `${prefix}.edge.job.run`,
      replicas,
    }),
  };
}
