/** The roles a process can play, and which of them play together. */
import { Fault } from "@s3eg/shared/faults.ts";

/** Every service that `s3eg serve` can start. */
export const ROLES = ["edge", "crypto", "keys", "audit", "admin", "dev-store"] as const;
export type Role = (typeof ROLES)[number];

/** The roles of `s3eg serve`: those named, or all; the demo store only where no backend is configured. */
export function rolesOf(names: readonly string[], isBackendConfigured: boolean): ReadonlySet<Role> {
  if (names.length === 0) {
    return new Set(ROLES.filter((role) => role !== "dev-store" || !isBackendConfigured));
  }
  const unknown = names.filter((name) => !ROLES.some((role) => role === name));
  if (unknown.length > 0) {
    throw new Fault(
      "config.invalid",
      `unknown role ${unknown.join(", ")}: expected ${ROLES.join(", ")}`,
    );
  }
  return new Set(ROLES.filter((role) => names.includes(role)));
}

/** True if the roles hold everything a gateway needs, so that nothing has to be found over a broker. */
export function areSelfSufficient(roles: ReadonlySet<Role>): boolean {
  return roles.has("edge") && roles.has("crypto") && roles.has("keys");
}
