/** What a process tells admin of itself, and by what admin believes it. */
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { LogLevelKeeper } from "@s3eg/shared/runtime/log-level.ts";
import { startStatusBeat } from "@s3eg/shared/runtime/status-beat.ts";
import { AnnouncementProof } from "@s3eg/shared/trust/announcement-proof.ts";
import type { WatchProofs } from "../../../admin/src/watch/watch.ts";
import type { GatewayConfig } from "../gateway-config.ts";
import type { Role } from "../roles.ts";
import { VERSION } from "../version.ts";
import type { Process } from "./process.ts";
import type { ServiceSecrets } from "./secrets.ts";

/** How this process speaks with admin. */
export interface StatusTrust {
  /** Undefined within one process, where nothing has to be proven. */
  readonly proofs: (WatchProofs & { readonly logLevel: AnnouncementProof }) | undefined;
  /** False where nobody listens, or would believe it. */
  readonly isHeard: boolean;
}

/** Over NATS only who has SERVICE_SECRET is believed; within one process there is somebody to tell only with an admin in it. */
export function statusTrustOf(
  config: Pick<GatewayConfig, "nats" | "admin">,
  roles: ReadonlySet<Role>,
  secrets: ServiceSecrets | undefined,
): StatusTrust {
  if (config.nats.url === undefined) {
    return { proofs: undefined, isHeard: roles.has("admin") && config.admin.enabled };
  }
  const proofs = secrets && {
    processes: new AnnouncementProof(secrets.service, "process"),
    events: new AnnouncementProof(secrets.service, "audit-events"),
    logLevel: new AnnouncementProof(secrets.service, "log-level"),
  };
  return { proofs, isHeard: proofs !== undefined };
}

/** Begins to announce this process, until the stack is closed; gives what announces it at once, which nobody has to wait for. */
export function tellStatus(
  process: Pick<Process, "roles" | "stack" | "bus" | "health" | "metrics"> & {
    readonly config: Pick<GatewayConfig, "zone">;
    readonly log: Log;
    readonly logLevel: LogLevelKeeper;
    readonly trust: StatusTrust;
  },
): () => void {
  const { config, roles, stack, trust } = process;
  if (!trust.isHeard) return () => {};
  const identity = { roles: [...roles], version: VERSION, zone: config.zone };
  const proof = trust.proofs?.processes;
  const beat = stack.use(startStatusBeat({ ...process, ...identity, proof }));
  return () => {
    beat.beat().catch(() => undefined);
  };
}
