/** What the endpoints know of the process they run in, and whom they ask. */
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import type { Health } from "@s3eg/shared/runtime/health.ts";
import type { LogLevelState } from "@s3eg/shared/runtime/log-level.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import type { AnnouncementProof } from "@s3eg/shared/trust/announcement-proof.ts";
import type { AskerSession } from "@s3eg/shared/trust/asker.ts";
import type { AdminSection } from "./config.ts";

/** Handed to everything that makes endpoints. */
export interface Office {
  readonly health: Health;
  readonly metrics: Metrics;
  readonly version: string;
  /** Roles of this process. */
  readonly roles: readonly string[];
  readonly bus: Bus;
  /** With which other services are asked; absent where all roles are in this process. */
  readonly session: AskerSession | undefined;
  readonly config: AdminSection;
  /** True where metrics have a listener of their own: then they are not here, too. */
  readonly hasOwnMetricsPort: boolean;
  /** What this process logs, and how a level for all is proven: absent where all roles are in this process. */
  readonly logLevel: {
    readonly state: LogLevelState;
    readonly proof: AnnouncementProof | undefined;
  };
}
