/** Whether key stores can be used: of the active one readiness depends, of those that only policies choose it is measured and logged. */
import type { HealthCheck } from "@s3eg/shared/runtime/health.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import type { ActiveCustodian } from "./custody/custodian.ts";
import type { Custodians } from "./custody/custodians.ts";

/** A check that rejects where the active key store can't be used. It begins to look at the others, and waits for none of them. */
export function keyStoreHealth(
  custodian: ActiveCustodian,
  {
    policyStores = [],
    metrics,
    log,
  }: { policyStores?: Custodians["policyStores"]; metrics: Metrics; log: Log },
): HealthCheck {
  const healthy = metrics.gauge({
    name: "gateway_kms_healthy",
    help: "1 while the key store can be used.",
    labels: ["provider"],
  });
  const away = new Set<string>();
  const look = async ({ provider, custodian: store }: Custodians["policyStores"][number]) => {
    await store.check();
    healthy.set({ provider }, 1);
    if (away.delete(provider)) log.info({ provider }, "key store of policies can be used again");
  };
  const note = (provider: string, err: unknown) => {
    healthy.set({ provider }, 0);
    if (!away.has(provider)) log.warn({ provider, err }, "key store of policies can't be used");
    away.add(provider);
  };
  return async () => {
    for (const store of policyStores) {
      look(store).catch((error: unknown) => note(store.provider, error));
    }
    const { provider } = custodian.activeKey;
    try {
      await custodian.check();
      healthy.set({ provider }, 1);
    } catch (error) {
      healthy.set({ provider }, 0);
      throw error;
    }
  };
}
