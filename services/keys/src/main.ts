/** keys, the safe: the only service that ever holds a KEK. */
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import type { Health } from "@s3eg/shared/runtime/health.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import { checkCanaries } from "./canary.ts";
import { type ActiveCustodian, isSameKey } from "./custody/custodian.ts";
import type { Custodians } from "./custody/custodians.ts";
import { type Guards, openInbox } from "./inbox.ts";
import { keyStoreHealth } from "./key-store-health.ts";
import type { LegacyKeyStores } from "./legacy/legacy-keys.ts";
import { measuredWith } from "./measured.ts";
import { rotatedReads } from "./rotated-reads.ts";

/** What keys is started with. */
export interface KeysParts {
  readonly custodian: ActiveCustodian;
  /** Key stores that only policies choose: they may be away, which is measured. */
  readonly policyStores?: Custodians["policyStores"];
  /** What objects of format 1 are opened with. */
  readonly legacy: LegacyKeyStores;
  /** Folder of keys that survives restarts; it need not exist yet. */
  readonly folder: string;
  readonly bus: Bus;
  /** Who may ask from other processes; absent: nobody. */
  readonly guards: Guards | undefined;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly health: Health;
}

/** Starts keys on a custodian that the caller closes, once every configured version has proven to be the key it was before; `config.invalid` otherwise. */
export async function startKeys(parts: KeysParts): Promise<void> {
  const { custodian, legacy, folder, bus, guards, log, metrics, health } = parts;
  await custodian.start();
  const prove = await checkCanaries(custodian, { folder, log });
  for (const key of custodian.readableKeys) {
    const isActive = isSameKey(key, custodian.activeKey);
    log.info({ ...key, isActive, checkValue: custodian.checkValue(key) }, "key version is ready");
  }
  health.add("kms", keyStoreHealth(custodian, parts));
  const onOpened = rotatedReads(custodian, metrics);
  const measured = measuredWith(metrics);
  openInbox(bus, { custodian, legacy, prove }, { guards, measured, onOpened });
}
