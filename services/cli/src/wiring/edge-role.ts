/** Starts the role edge: how it reaches crypto and keys, what its readiness depends on, what it goes by, and its jobs. */
import { profileOf } from "@s3eg/shared/backend/profile.ts";
import { measuredTransfers } from "@s3eg/shared/http/measured-transfers.ts";
import type { TransferClient } from "@s3eg/shared/http/transfer.ts";
import { checkThat } from "@s3eg/shared/runtime/health.ts";
import type { AskerSession } from "@s3eg/shared/trust/asker.ts";
import { startEdge } from "../../../edge/src/main.ts";
import { sessionOf } from "./asker-session.ts";
import { endpointOf } from "./backends.ts";
import { startJobsRole } from "./jobs.ts";
import { keysCheck, refuseWishesUnlessKnown } from "./keys-check.ts";
import type { Process } from "./process.ts";
import { edgeRules, policiesOf, type S3Side } from "./s3-side.ts";
import { sharedRatesOf } from "./shared-rates.ts";
import { remoteTransfers, transferTrustOf } from "./transfers.ts";

/** How long requests under way may take after SIGTERM. */
const GRACE_MS = 20_000;

/** Gives the port that it listens on. */
export async function startEdgeRole(process: Process, s3: S3Side): Promise<number> {
  const { config, stack, rules, ways, metrics, secrets } = process;
  const transfers = await openTransfers(process);
  const crypto = ways.asking(measuredTransfers(transfers, metrics));
  const session = sessionOf(config, secrets?.service);
  dependOnKeys(process, session);
  const { needsEqualParts } = profileOf(config.backend.provider, endpointOf(config.backend));
  const edge = await startEdge({
    ...process,
    needsEqualParts,
    listen: config.listen_addr ?? { port: 8080 },
    backend: s3.backend,
    ...edgeRules(rules.current),
    crypto,
    tracing: ways.tracing,
    probeBucket: config.backend.probe_bucket,
    session,
    hasOwnMetricsPort: hasMetricsElsewhere(process),
    hasBucketLabel: config.metrics.enable_bucket_label,
    accessLog: {
      format: config.logging.access_log_format,
      redactedHeaders: config.logging.redact_headers,
    },
    audit: config.audit.enabled ? config.audit : undefined,
    graceMs: GRACE_MS,
    places: s3.places,
    sharedRates: await sharedRatesOf({ ...process, policies: policiesOf(rules.current) }),
  });
  stack.use(edge);
  rules.adoptedBy((next) => edge.adopt(edgeRules(next)));
  const policies = () => policiesOf(rules.current);
  const { backend } = s3;
  stack.use(startJobsRole({ ...process, backend, crypto, session, needsEqualParts, policies }));
  return edge.port;
}

/** Transfers to crypto: within the process where it is a role of it, else to the workers that announce themselves. */
async function openTransfers(process: Process): Promise<TransferClient> {
  const { roles, stack, bus, local, health, secrets } = process;
  if (roles.has("crypto") || !secrets) return local;
  const trust = await transferTrustOf(process, secrets);
  const { client, table } = remoteTransfers({ ...trust, bus });
  stack.use(client);
  const hasWorkers = () => table.size > 0;
  health.add("crypto", checkThat(hasWorkers));
  return client;
}

/** Where keys is a role of another process. */
function dependOnKeys({ roles, rules, bus, health }: Process, session?: AskerSession): void {
  if (roles.has("keys")) return;
  const wishes = () => policiesOf(rules.current).keyWishes;
  health.add("keys", keysCheck(bus, session, wishes));
  rules.checkedBy(async (next) => {
    const changed = { before: policiesOf(rules.current), next: policiesOf(next) };
    await refuseWishesUnlessKnown({ bus, session }, changed);
  });
}

/** On a listener of their own, else with the admin API behind its token; only else on the S3 port. */
function hasMetricsElsewhere({ config, roles }: Pick<Process, "config" | "roles">): boolean {
  return config.metrics.addr !== undefined || (roles.has("admin") && config.admin.enabled);
}
