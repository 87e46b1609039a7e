/** Starts the roles of this process in order, and gives each only what it may know (ARCHITECTURE.md, "The services"). */
import { join } from "node:path";
import { profileOf } from "@s3eg/shared/backend/profile.ts";
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import { MeasuredBus } from "@s3eg/shared/bus/measured-bus.ts";
import type { NatsBus } from "@s3eg/shared/bus/nats-bus.ts";
import { LocalTransfers } from "@s3eg/shared/http/local-transfer.ts";
import { measuredTransfers } from "@s3eg/shared/http/measured-transfers.ts";
import { TransferTickets } from "@s3eg/shared/http/ticket.ts";
import { Health } from "@s3eg/shared/runtime/health.ts";
import type { AdjustableLog } from "@s3eg/shared/runtime/log.ts";
import { followLogLevel, LogLevelKeeper } from "@s3eg/shared/runtime/log-level.ts";
import { createMetrics, type Metrics } from "@s3eg/shared/runtime/metrics.ts";
import { serveProbes } from "@s3eg/shared/runtime/probe-server.ts";
import { AnswerGuard } from "@s3eg/shared/trust/answerer.ts";
import { WorkerProof } from "@s3eg/shared/trust/worker-proof.ts";
import { startAudit } from "../../audit/src/main.ts";
import { startCrypto } from "../../crypto/src/main.ts";
import { startEdge } from "../../edge/src/main.ts";
import { dataKeyCacheLimits } from "../../keys/src/config/configured-dek-cache.ts";
import type { Env, GatewayConfig } from "./gateway-config.ts";
import { RulesInForce } from "./reload/rules-in-force.ts";
import type { Role } from "./roles.ts";
import { readRules } from "./rules.ts";
import { VERSION } from "./version.ts";
import { startAdminRole } from "./wiring/admin-role.ts";
import { sessionOf } from "./wiring/asker-session.ts";
import { endpointOf } from "./wiring/backends.ts";
import { openBus } from "./wiring/buses.ts";
import { startFips } from "./wiring/fips-start.ts";
import { startJobsRole } from "./wiring/jobs.ts";
import { keysCheck, refuseWishesUnlessKnown } from "./wiring/keys-check.ts";
import { startKeysRole } from "./wiring/keys-role.ts";
import { legacyOptionsOf } from "./wiring/legacy-options.ts";
import { edgeRules, openS3Side, policiesOf, type S3Side } from "./wiring/s3-side.ts";
import { type ServiceSecrets, secretsOf } from "./wiring/secrets.ts";
import { sharedRatesOf } from "./wiring/shared-rates.ts";
import { statusTrustOf, tellStatus } from "./wiring/status.ts";
import { openTracedWays, type TracedWays } from "./wiring/tracing.ts";
import { transferTlsOf } from "./wiring/transfer-tls.ts";
import { onAll, openWorkerPort, remoteTransfers, workerSettings } from "./wiring/transfers.ts";
import { openUploadState } from "./wiring/upload-state.ts";

/** What the roles of a process are started with. */
export interface GatewayStart {
  readonly config: GatewayConfig;
  readonly roles: ReadonlySet<Role>;
  readonly env: Env;
  /** Everything opened is put here; the last one in is closed first. */
  readonly stack: AsyncDisposableStack;
  readonly stop: AbortSignal;
  readonly log: AdjustableLog;
  /** Takes the place of the bus that `nats.*` describes: for tests that listen in on it or cut it. */
  readonly bus?: Bus;
}

/** A gateway whose roles run. */
export interface RunningRoles {
  /** Port of edge, where it is one of them. */
  readonly port: number | undefined;
  /** What it goes by, to be exchanged. */
  readonly rules: RulesInForce;
  readonly bus: Bus;
  readonly metrics: Metrics;
}

interface Process extends GatewayStart {
  readonly rules: RulesInForce;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly bus: Bus;
  readonly ways: TracedWays;
  /** Undefined without a broker. */
  readonly nats: NatsBus | undefined;
  /** Transfers between roles of this process. */
  readonly local: LocalTransfers;
  /** Undefined where all roles are in this process: there is no boundary, and so nothing to prove. */
  readonly secrets: ServiceSecrets | undefined;
}

/** How long requests under way may take after SIGTERM. */
const GRACE_MS = 20_000;

/** Starts every role. */
export async function startGateway(start: GatewayStart): Promise<RunningRoles> {
  const { config, roles, stack, log } = start;
  const metrics = createMetrics();
  const ways = await openTracedWays(config.tracing, start);
  startFips(config.encryption, { metrics, log });
  const health = new Health({ version: VERSION, log });
  if (config.metrics.addr) {
    stack.use(await serveProbes({ address: config.metrics.addr, health, metrics, log }));
  }
  // Before the broker is waited for: a configuration that is refused is refused at once.
  const rules = new RulesInForce(readRules(config, start));
  const s3 = openS3Side({ ...start, rules, metrics, health, ways });
  const { bus: opened, nats } = start.bus
    ? { bus: start.bus, nats: undefined }
    : await openBus(config.nats, { roles, log, signal: start.stop });
  const bus = ways.bus(new MeasuredBus(opened, metrics));
  const secrets = await secretsOf(config, roles);
  const trust = statusTrustOf(config, roles, secrets);
  if (roles.has("audit")) {
    const folder = join(config.data_dir, "audit");
    const telling = trust.isHeard ? { proof: trust.proofs?.events } : undefined;
    stack.use(await startAudit({ config: config.audit, folder, bus, log, metrics, telling }));
  }
  stack.defer(() => bus.drain());
  if (config.nats.url !== undefined)
    health.add("nats", async () => await refuseUnless(bus.isConnected));
  const local = new LocalTransfers({ log });
  const process: Process = { ...start, rules, metrics, health, bus, nats, ways, local, secrets };
  const logLevel = stack.use(new LogLevelKeeper(log, config.log_level));
  rules.adoptedBy((next) => logLevel.configure(next.config.log_level));
  if (trust.isHeard) followLogLevel(logLevel, { bus, log, proof: trust.proofs?.logLevel });
  const tell = tellStatus({ ...process, logLevel, trust });
  if (roles.has("keys")) {
    await startKeysRole({ ...process, nats, rules: roles.has("edge") ? rules : undefined });
  }
  if (s3 && roles.has("crypto")) await startCryptoRole(process, s3);
  const port = s3 && roles.has("edge") ? await startEdgeRole(process, s3) : undefined;
  if (roles.has("admin")) await startAdminRole({ ...process, logLevel, trust });
  stack.defer(() => {
    health.markDraining();
    tell();
  });
  health.markReady();
  tell();
  log.info({ roles: [...roles], version: VERSION }, "started");
  return { port, rules, bus, metrics };
}

async function startCryptoRole(process: Process, { backend }: S3Side): Promise<void> {
  const { config, roles, stack, bus, ways, local, log, metrics, secrets } = process;
  const session = roles.has("keys") ? undefined : sessionOf(config, secrets?.keys);
  const state = await openUploadState(process);
  if (state) {
    stack.use(state);
    const isValkey = config.multipart_state.valkey.addr !== undefined;
    process.health.add(isValkey ? "valkey" : "multipart-state", () => state.check());
  }
  const { cleanup_interval: everyMs, valkey } = config.multipart_state;
  const cleanUp = { everyMs, ttlMs: valkey.ttl_seconds * 1000 };
  const { needsEqualParts } = profileOf(config.backend.provider, endpointOf(config.backend));
  const common = {
    bus,
    backend,
    log,
    metrics,
    session,
    state,
    cleanUp,
    needsEqualParts,
    legacy: legacyOptionsOf(config),
    cache: dataKeyCacheLimits(config.encryption.key_manager),
  };
  if (!secrets) {
    stack.use(startCrypto({ ...common, transfers: ways.answering(local) }));
    return;
  }
  const tickets = new TransferTickets(secrets.service);
  const { server, describe } = await openWorkerPort(workerSettings(config), {
    tickets,
    proof: new WorkerProof(secrets.service),
    zone: config.zone,
    tls: await transferTlsOf(config.service),
    log,
    metrics,
  });
  stack.use(server);
  const transfers = ways.answering(onAll([local, server]));
  const guard = new AnswerGuard({ secret: secrets.service });
  const crypto = startCrypto({ ...common, transfers, guard, worker: describe });
  stack.use(crypto);
  // Edges are told before this worker begins to refuse them, and its heart beats until the last transfer has ended.
  stack.defer(async () => {
    const stopped = server.stop();
    await crypto.announce();
    await stopped;
  });
}

async function startEdgeRole(process: Process, s3: S3Side): Promise<number> {
  const { config, roles, stack, rules, bus, ways, local, metrics, secrets } = process;
  const remote =
    roles.has("crypto") || !secrets
      ? undefined
      : remoteTransfers({
          bus,
          tickets: new TransferTickets(secrets.service),
          proof: new WorkerProof(secrets.service),
          zone: config.zone,
          tls: await transferTlsOf(config.service),
          log: process.log,
          metrics,
        });
  if (remote) stack.use(remote.client);
  const session = sessionOf(config, secrets?.service);
  if (!roles.has("keys")) {
    process.health.add(
      "keys",
      keysCheck(bus, session, () => policiesOf(rules.current).keyWishes),
    );
    rules.checkedBy(async (next) => {
      const wishes = { before: policiesOf(rules.current), next: policiesOf(next) };
      await refuseWishesUnlessKnown({ bus, session }, wishes);
    });
  }
  if (remote) process.health.add("crypto", async () => await refuseUnless(remote.table.size > 0));
  const { needsEqualParts } = profileOf(config.backend.provider, endpointOf(config.backend));
  const crypto = ways.asking(measuredTransfers(remote?.client ?? local, metrics));
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

/** On a listener of their own, else with the admin API behind its token; only else on the S3 port. */
function hasMetricsElsewhere({ config, roles }: Pick<Process, "config" | "roles">): boolean {
  return config.metrics.addr !== undefined || (roles.has("admin") && config.admin.enabled);
}

async function refuseUnless(isGood: boolean): Promise<void> {
  await Promise.resolve();
  if (!isGood) throw new Error("not available");
}
