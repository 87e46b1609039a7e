/** How a custodian is made of settings. Each key store has one such function, in `configured-<name>.ts`. */
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import type { EncryptionSection } from "../config.ts";
import type { ActiveCustodian, Custodian } from "./custodian.ts";

/** What custodians are made of. */
export interface CustodyParts {
  readonly config: EncryptionSection;
  /** Where keys are looked up that the settings only name. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder of keys that survives restarts; it need not exist yet. */
  readonly folder: string;
  readonly log: Log;
  /** Where what is asked of key stores is counted; absent for tools. */
  readonly metrics?: Metrics | undefined;
}

/**
 * Reads what the settings name and makes the custodian, with `config.invalid` and a line for every problem. It asks no server
 * (`Custodian.start` may), and imports a large library only when it is called.
 */
export interface CustodianOpener {
  readonly open: (parts: CustodyParts) => Promise<ActiveCustodian>;
  /** Opens one that only reads, where that differs. */
  readonly openToRead?: (parts: CustodyParts) => Promise<Custodian>;
}
