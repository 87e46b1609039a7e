/** What the role crypto is made of. */
import type { Backend } from "@s3eg/shared/backend/backend.ts";
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import type { WorkerAlive } from "@s3eg/shared/contracts/crypto.ts";
import type { TransferServer } from "@s3eg/shared/http/transfer.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import type { AnswerGuard } from "@s3eg/shared/trust/answerer.ts";
import type { AskerSession } from "@s3eg/shared/trust/asker.ts";
import type { DataKeyCacheLimits } from "./data-key-cache.ts";
import type { LegacyOptions } from "./legacy/read-legacy.ts";
import type { CleanUpOptions } from "./multipart/clean-up.ts";
import type { MultipartState } from "./multipart-state/multipart-state.ts";

/** What crypto is started with. */
export interface CryptoParts {
  readonly bus: Bus;
  readonly transfers: TransferServer;
  readonly backend: Backend;
  readonly log: Log;
  readonly metrics: Metrics;
  /** State of multipart uploads; absent where they are switched off. */
  readonly state?: MultipartState | undefined;
  /** True where the backend takes only parts of one size. */
  readonly needsEqualParts?: boolean;
  /** How long unwrapped data keys are kept; absent: for the time of use. */
  readonly cache?: DataKeyCacheLimits | undefined;
  /** What of format 1 is opened. */
  readonly legacy: LegacyOptions;
  /** When dead uploads are cleared; absent: never. */
  readonly cleanUp?: Pick<CleanUpOptions, "everyMs" | "ttlMs">;
  /** Proves to keys who asks; absent where keys is a role of this process. */
  readonly session: AskerSession | undefined;
  /** Checks who asks from another process; absent where all who ask are roles of this one. */
  readonly guard?: AnswerGuard | undefined;
  /** What edges in other processes are told of this worker; absent where transfers stay within the process. */
  readonly worker?: () => WorkerAlive;
}
