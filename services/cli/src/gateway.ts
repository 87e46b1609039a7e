/** Starts the roles of this process in order, and gives each only what it may know (ARCHITECTURE.md, "The services"). */
import { join } from "node:path";
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import { MeasuredBus } from "@s3eg/shared/bus/measured-bus.ts";
import { LocalTransfers } from "@s3eg/shared/http/local-transfer.ts";
import { checkThat, Health } from "@s3eg/shared/runtime/health.ts";
import { followLogLevel, LogLevelKeeper } from "@s3eg/shared/runtime/log-level.ts";
import { createMetrics, type Metrics } from "@s3eg/shared/runtime/metrics.ts";
import { serveProbes } from "@s3eg/shared/runtime/probe-server.ts";
import { startAudit } from "../../audit/src/main.ts";
import { RulesInForce } from "./reload/rules-in-force.ts";
import { readRules } from "./rules.ts";
import { VERSION } from "./version.ts";
import { startAdminRole } from "./wiring/admin-role.ts";
import { openBus } from "./wiring/buses.ts";
import { startCryptoRole } from "./wiring/crypto-role.ts";
import { startEdgeRole } from "./wiring/edge-role.ts";
import { startFips } from "./wiring/fips-start.ts";
import { startKeysRole } from "./wiring/keys-role.ts";
import type { GatewayStart, Process } from "./wiring/process.ts";
import { openS3Side, type S3Side } from "./wiring/s3-side.ts";
import { secretsOf } from "./wiring/secrets.ts";
import { statusTrustOf, tellStatus } from "./wiring/status.ts";
import { openTracedWays } from "./wiring/tracing.ts";

/** A gateway whose roles run. */
export interface RunningRoles {
  /** Port of edge, where it is one of them. */
  readonly port: number | undefined;
  /** What it goes by, to be exchanged. */
  readonly rules: RulesInForce;
  readonly bus: Bus;
  readonly metrics: Metrics;
}

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
  const local = new LocalTransfers({ log });
  const process = { ...start, rules, metrics, health, bus, nats, ways, local, secrets };
  const port = await startRoles(process, s3);
  log.info({ roles: [...roles], version: VERSION }, "started");
  return { port, rules, bus, metrics };
}

/** Audit first, which hears the others; whoever is started later is closed earlier. */
async function startRoles(process: Process, s3: S3Side | undefined): Promise<number | undefined> {
  const { config, roles, stack, rules, metrics, health, bus, log } = process;
  const trust = statusTrustOf(config, roles, process.secrets);
  if (roles.has("audit")) {
    const folder = join(config.data_dir, "audit");
    const telling = trust.isHeard ? { proof: trust.proofs?.events } : undefined;
    stack.use(await startAudit({ config: config.audit, folder, bus, log, metrics, telling }));
  }
  stack.defer(() => bus.drain());
  const isConnected = () => bus.isConnected;
  if (config.nats.url !== undefined) health.add("nats", checkThat(isConnected));
  const logLevel = stack.use(new LogLevelKeeper(log, config.log_level));
  rules.adoptedBy((next) => logLevel.configure(next.config.log_level));
  if (trust.isHeard) followLogLevel(logLevel, { bus, log, proof: trust.proofs?.logLevel });
  const tell = tellStatus({ ...process, logLevel, trust });
  if (roles.has("keys")) {
    await startKeysRole({ ...process, rules: roles.has("edge") ? rules : undefined });
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
  return port;
}
