/** Starts the role admin: whom it asks, whom it believes, and what it finds in this process's folder. */
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import type { Health } from "@s3eg/shared/runtime/health.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { LogLevelKeeper } from "@s3eg/shared/runtime/log-level.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import { startAdmin } from "../../../admin/src/main.ts";
import type { Env, GatewayConfig } from "../gateway-config.ts";
import type { RulesInForce } from "../reload/rules-in-force.ts";
import { rewrapReports } from "../rewrap-reports.ts";
import type { Role } from "../roles.ts";
import { shownSettings } from "../shown-settings.ts";
import { VERSION } from "../version.ts";
import { sessionOf } from "./asker-session.ts";
import type { ServiceSecrets } from "./secrets.ts";
import type { StatusTrust } from "./status.ts";

/** What of a process the role needs. */
export interface AdminRole {
  readonly config: GatewayConfig;
  readonly roles: ReadonlySet<Role>;
  readonly stack: AsyncDisposableStack;
  readonly bus: Bus;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly logLevel: LogLevelKeeper;
  readonly env: Env;
  readonly rules: RulesInForce;
  readonly secrets: ServiceSecrets | undefined;
  readonly trust: StatusTrust;
}

/** Without `admin.enabled` it does nothing. */
export async function startAdminRole(role: AdminRole): Promise<void> {
  const { config, roles, stack, env, rules, logLevel, secrets, trust } = role;
  const admin = await startAdmin({
    ...role,
    config: config.admin,
    version: VERSION,
    hasOwnMetricsPort: config.metrics.addr !== undefined,
    roles: [...roles],
    session: sessionOf(config, secrets?.service),
    certificate: rules.current.adminCertificate,
    proofs: trust.proofs,
    logLevel: {
      get state() {
        return logLevel.state;
      },
      proof: trust.proofs?.logLevel,
    },
    settings: () => shownSettings(rules.current.config, env),
    lookedAt: async () => await Promise.resolve(rewrapReports(config.data_dir)),
  });
  if (!admin) return;
  stack.use(admin);
  rules.adoptedBy(({ adminCertificate }) => {
    if (adminCertificate) admin.exchangeCertificate(adminCertificate);
  });
}
