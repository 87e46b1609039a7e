/** What edge shows of its policies. */
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import { hidesMetadata, type Policies } from "./auth/policy.ts";

/** Shows them as they are now; called again when they change. */
export function showPolicies({ rules, standard }: Policies, metrics: Metrics): void {
  const sealed = metrics.gauge({
    name: "gateway_metadata_encryption_enabled",
    help: "1 where some policy has metadata sealed.",
  });
  sealed.set({}, [...rules, standard].some(hidesMetadata) ? 1 : 0);
}
