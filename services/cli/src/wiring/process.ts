/** What the roles of a process are started with, and what they share once it is opened. */
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import type { NatsBus } from "@s3eg/shared/bus/nats-bus.ts";
import type { LocalTransfers } from "@s3eg/shared/http/local-transfer.ts";
import type { Health } from "@s3eg/shared/runtime/health.ts";
import type { AdjustableLog } from "@s3eg/shared/runtime/log.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import type { Env, GatewayConfig } from "../gateway-config.ts";
import type { RulesInForce } from "../reload/rules-in-force.ts";
import type { Role } from "../roles.ts";
import type { ServiceSecrets } from "./secrets.ts";
import type { TracedWays } from "./tracing.ts";

/** What a gateway is started with. */
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

/** What every role of a process finds; each is handed no more of it than it needs. */
export interface Process extends GatewayStart {
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
