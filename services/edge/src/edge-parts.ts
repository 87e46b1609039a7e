/** What edge is started with. */
import type { Backend } from "@s3eg/shared/backend/backend.ts";
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import type { TransferClient } from "@s3eg/shared/http/transfer.ts";
import type { ListenAddress } from "@s3eg/shared/runtime/config.ts";
import type { Health } from "@s3eg/shared/runtime/health.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import type { ServerCertificate } from "@s3eg/shared/runtime/server-certificate.ts";
import type { SharedRates } from "@s3eg/shared/runtime/shared-rate-limit.ts";
import type { Tracing } from "@s3eg/shared/runtime/tracing.ts";
import type { AskerSession } from "@s3eg/shared/trust/asker.ts";
import type { z } from "zod";
import type { AccessLogStyle } from "./access-log.ts";
import type { AuditDuty } from "./audit-trail.ts";
import type { Credentials } from "./auth/credentials.ts";
import type { Policies } from "./auth/policy.ts";
import type { edgeSettings } from "./config.ts";
import type { Places } from "./request-place.ts";

/** The settings of edge, parsed. */
type EdgeConfig = z.infer<z.ZodObject<typeof edgeSettings>>;

/** What edge goes by, and can be told to go by something else while it runs. */
export interface EdgeRules {
  readonly config: EdgeConfig;
  readonly credentials: Credentials;
  readonly policies: Policies;
  /** Where `tls.enabled`: that of the S3 port. */
  readonly certificate?: ServerCertificate | undefined;
}

/** Everything edge needs; it owns none of it but its own listener. */
export interface EdgeParts extends EdgeRules {
  readonly listen: ListenAddress;
  readonly bus: Bus;
  readonly crypto: TransferClient;
  readonly backend: Backend;
  /** True where the backend takes only parts of one size. */
  readonly needsEqualParts?: boolean;
  /** Bucket to probe the backend in; absent: it is believed to honour conditions. */
  readonly probeBucket?: string | undefined;
  /** Proves to keys who asks; absent where keys is a role of this process. */
  readonly session: AskerSession | undefined;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly hasOwnMetricsPort: boolean;
  /** Metrics tell buckets apart. */
  readonly hasBucketLabel?: boolean;
  /** How requests are logged; absent: as `default` says. */
  readonly accessLog?: AccessLogStyle;
  /** What the audit trail must hold before it is answered; absent: nothing. */
  readonly audit?: AuditDuty | undefined;
  readonly health: Health;
  /** Counts rate limits together with other replicas; absent: each process counts by itself. */
  readonly sharedRates?: SharedRates | undefined;
  /** Who may go on; one for all roles of the process. */
  readonly places: Places;
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing | undefined;
  /** How long requests under way may take after the stop was asked for. */
  readonly graceMs: number;
}
