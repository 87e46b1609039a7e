/** Starts the role admin: whom it asks, whom it believes, and what it finds in this process's folder. */
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { LogLevelKeeper } from "@s3eg/shared/runtime/log-level.ts";
import { startAdmin } from "../../../admin/src/main.ts";
import { rewrapReports } from "../rewrap-reports.ts";
import { shownSettings } from "../shown-settings.ts";
import { VERSION } from "../version.ts";
import { sessionOf } from "./asker-session.ts";
import type { Process } from "./process.ts";
import type { StatusTrust } from "./status.ts";

/** What of a process the role needs. */
type AdminRole = Omit<Process, "log" | "stop" | "nats" | "ways" | "local"> & {
  readonly log: Log;
  readonly logLevel: LogLevelKeeper;
  readonly trust: StatusTrust;
};

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
    isAudited: config.audit.enabled,
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
