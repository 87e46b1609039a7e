/** Counts data keys opened that are not under the version which writes: what a re-wrap would still have to do, as far as it is read. */
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import type { ActiveCustodian, KeyRef } from "./custody/custodian.ts";

/** Told every key that a data key was opened with. A key that only policies choose has no version that it should be under instead. */
export function rotatedReads(
  custodian: ActiveCustodian,
  metrics: Metrics,
): (opened: KeyRef) => void {
  const reads = metrics.counter({
    name: "kms_rotated_reads_total",
    help: "Data keys opened that are under another version of the key than new ones.",
    labels: ["key_version", "active_version"],
  });
  return ({ provider, keyId, keyVersion }) => {
    const active = custodian.activeKey;
    if (keyVersion === active.keyVersion) return;
    if (provider !== active.provider || keyId !== active.keyId) return;
    reads.add({ key_version: String(keyVersion), active_version: String(active.keyVersion) });
  };
}
