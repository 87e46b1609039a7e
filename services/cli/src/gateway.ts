/** Starts the roles of this process in order, and gives each only what it may know (ARCHITECTURE.md, "The services"). */
import { join } from "node:path";
import type { Backend } from "@s3eg/shared/backend/backend.ts";
import { profileOf } from "@s3eg/shared/backend/profile.ts";
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import { LocalTransfers } from "@s3eg/shared/http/local-transfer.ts";
import { TransferTickets } from "@s3eg/shared/http/ticket.ts";
import type { Admission } from "@s3eg/shared/runtime/admission.ts";
import { Health } from "@s3eg/shared/runtime/health.ts";
import { admissionLimitsOf } from "@s3eg/shared/runtime/limits-config.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import { openAdmission } from "@s3eg/shared/runtime/measured-admission.ts";
import { createMetrics, type Metrics } from "@s3eg/shared/runtime/metrics.ts";
import { serveProbes } from "@s3eg/shared/runtime/probe-server.ts";
import { AnswerGuard } from "@s3eg/shared/trust/answerer.ts";
import { WorkerProof } from "@s3eg/shared/trust/worker-proof.ts";
import { startAudit } from "../../audit/src/main.ts";
import { startCrypto } from "../../crypto/src/main.ts";
import type { Policies } from "../../edge/src/auth/policy.ts";
import { startEdge } from "../../edge/src/main.ts";
import { dataKeyCacheLimits } from "../../keys/src/config/configured-dek-cache.ts";
import { type Entrance, openEntrance } from "./entrance.ts";
import type { Env, GatewayConfig } from "./gateway-config.ts";
import type { Role } from "./roles.ts";
import { VERSION } from "./version.ts";
import { startAdminRole } from "./wiring/admin-role.ts";
import { sessionOf } from "./wiring/asker-session.ts";
import { endpointOf, openBackend } from "./wiring/backends.ts";
import { openBus } from "./wiring/buses.ts";
import { startFips } from "./wiring/fips-start.ts";
import { keysCheck } from "./wiring/keys-check.ts";
import { startKeysRole } from "./wiring/keys-role.ts";
import { legacyOptionsOf } from "./wiring/legacy-options.ts";
import { type ServiceSecrets, secretsOf } from "./wiring/secrets.ts";
import { statusTrustOf, tellStatus } from "./wiring/status.ts";
import { onAll, openWorkerPort, remoteTransfers } from "./wiring/transfers.ts";
import { openUploadState } from "./wiring/upload-state.ts";

/** What the roles of a process are started with. */
export interface GatewayStart {
  readonly config: GatewayConfig;
  readonly roles: ReadonlySet<Role>;
  readonly env: Env;
  /** Everything opened is put here; the last one in is closed first. */
  readonly stack: AsyncDisposableStack;
  readonly stop: AbortSignal;
  readonly log: Log;
  /** Takes the place of the bus that `nats.*` describes: for tests that listen in on it or cut it. */
  readonly bus?: Bus;
}

interface Process extends GatewayStart {
  readonly metrics: Metrics;
  readonly health: Health;
  readonly bus: Bus;
  /** Transfers between roles of this process. */
  readonly local: LocalTransfers;
  /** Undefined where all roles are in this process: there is no boundary, and so nothing to prove. */
  readonly secrets: ServiceSecrets | undefined;
}

/** What only those know who speak S3: edge and crypto. */
interface S3Side {
  readonly entrance: Entrance;
  /** Who may go on: one count for all roles of the process. */
  readonly places: Pick<Admission, "enter">;
  readonly backend: Backend;
}

/** How long requests under way may take after SIGTERM. */
const GRACE_MS = 20_000;

/** Starts every role; resolves with the port of edge, where it is one of them. */
export async function startGateway(start: GatewayStart): Promise<{ port: number | undefined }> {
  const { config, roles, stack, log } = start;
  const metrics = createMetrics();
  startFips(config.encryption, { metrics, log });
  const health = new Health({ version: VERSION, log });
  if (config.metrics.addr) {
    stack.use(await serveProbes({ address: config.metrics.addr, health, metrics, log }));
  }
  // Before the broker is waited for: a configuration that is refused is refused at once.
  const s3 = roles.has("edge") || roles.has("crypto") ? openS3Side(start, metrics) : undefined;
  const name = `s3eg ${[...roles].join("+")}`;
  const { bus, nats } = start.bus
    ? { bus: start.bus, nats: undefined }
    : await openBus(config.nats, { name, log, signal: start.stop });
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
  const process: Process = { ...start, metrics, health, bus, local, secrets };
  const tell = tellStatus({ ...process, trust });
  if (roles.has("keys")) {
    await startKeysRole({ ...process, nats, policies: followedPolicies(roles, s3) });
  }
  if (s3 && roles.has("crypto")) await startCryptoRole(process, s3);
  const port = s3 && roles.has("edge") ? await startEdgeRole(process, s3) : undefined;
  if (roles.has("admin")) await startAdminRole({ ...process, trust });
  stack.defer(() => {
    health.markDraining();
    tell();
  });
  health.markReady();
  tell();
  log.info({ roles: [...roles], version: VERSION }, "started");
  return { port };
}

/** The policies that this process goes by; who only reads backend identities has none. */
function followedPolicies(roles: ReadonlySet<Role>, s3?: S3Side): Policies | undefined {
  return roles.has("edge") ? s3?.entrance.policies : undefined;
}

function openS3Side({ config, roles, env, stack, log }: GatewayStart, metrics: Metrics): S3Side {
  const entrance = openEntrance(config, roles, env);
  const backend = openBackend(config.backend, { identities: entrance.identities, log });
  stack.use(backend);
  const places = openAdmission(admissionLimitsOf(config.limits), metrics);
  return { entrance, places, backend };
}

async function startCryptoRole(process: Process, { backend }: S3Side): Promise<void> {
  const { config, roles, stack, bus, local, log, metrics, secrets } = process;
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
    stack.use(startCrypto({ ...common, transfers: local }));
    return;
  }
  const tickets = new TransferTickets(secrets.service);
  const { server, describe } = await openWorkerPort(config.crypto, {
    tickets,
    proof: new WorkerProof(secrets.service),
    zone: config.zone,
    log,
  });
  stack.use(server);
  const transfers = onAll([local, server]);
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
  const { config, roles, stack, bus, local, secrets } = process;
  const remote =
    roles.has("crypto") || !secrets
      ? undefined
      : remoteTransfers({
          bus,
          tickets: new TransferTickets(secrets.service),
          proof: new WorkerProof(secrets.service),
          zone: config.zone,
          log: process.log,
        });
  if (remote) stack.use(remote.client);
  const session = sessionOf(config, secrets?.service);
  if (!roles.has("keys"))
    process.health.add("keys", keysCheck(bus, session, s3.entrance.policies.keyWishes));
  if (remote) process.health.add("crypto", async () => await refuseUnless(remote.table.size > 0));
  const { needsEqualParts } = profileOf(config.backend.provider, endpointOf(config.backend));
  const edge = await startEdge({
    ...process,
    needsEqualParts,
    listen: config.listen_addr ?? { port: 8080 },
    backend: s3.backend,
    credentials: s3.entrance.credentials,
    policies: s3.entrance.policies,
    crypto: remote?.client ?? local,
    probeBucket: config.backend.probe_bucket,
    session,
    hasOwnMetricsPort: config.metrics.addr !== undefined,
    hasBucketLabel: config.metrics.enable_bucket_label,
    accessLog: {
      format: config.logging.access_log_format,
      redactedHeaders: config.logging.redact_headers,
    },
    audit: config.audit.enabled ? config.audit : undefined,
    graceMs: GRACE_MS,
    places: s3.places,
  });
  stack.use(edge);
  return edge.port;
}

async function refuseUnless(isGood: boolean): Promise<void> {
  await Promise.resolve();
  if (!isGood) throw new Error("not available");
}
