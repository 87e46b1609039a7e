/** What only those roles have that speak S3: the backend, who may go on, and the part of the rules that is edge's. */
import assert from "node:assert/strict";
import type { Backend } from "@s3eg/shared/backend/backend.ts";
import { ExchangedIdentities } from "@s3eg/shared/backend/exchanged-identities.ts";
import type { Admission } from "@s3eg/shared/runtime/admission.ts";
import { admissionLimitsOf } from "@s3eg/shared/runtime/limits-config.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import { openAdmission } from "@s3eg/shared/runtime/measured-admission.ts";
import type { Policies } from "../../../edge/src/auth/policy.ts";
import type { EdgeRules } from "../../../edge/src/edge-parts.ts";
import type { Rules } from "../rules.ts";
import { backendCheck } from "./backend-check.ts";
import { openBackend } from "./backends.ts";
import type { Process } from "./process.ts";

/** The backend, signed for whoever is configured now. */
export interface S3Side {
  /** Who may go on: one count for all roles of the process. */
  readonly places: Pick<Admission, "enter">;
  readonly backend: Backend;
}

/** Opens it; undefined for a process none of whose roles speaks S3. */
export function openS3Side(
  process: Pick<Process, "rules" | "stack" | "metrics" | "health" | "ways"> & { readonly log: Log },
): S3Side | undefined {
  const { rules, stack, log, metrics, health, ways } = process;
  const { config, entrance } = rules.current;
  if (!entrance) return undefined;
  const identities = new ExchangedIdentities(entrance.identities);
  rules.adoptedBy((next) => identities.exchange(next.entrance?.identities ?? []));
  const backend = openBackend(config.backend, { identities, log, metrics });
  stack.use(backend);
  health.add(
    "backend",
    backendCheck(backend, config.backend.probe_bucket ?? config.proxied_bucket),
  );
  const places = openAdmission(admissionLimitsOf(config.limits), metrics);
  return { places, backend: ways.backend(backend) };
}

/** The part of the rules that edge goes by. */
export function edgeRules({ config, entrance, certificate }: Rules): EdgeRules {
  assert(entrance, "edge is a role of this process");
  const { credentials, policies } = entrance;
  return { config, credentials, policies, certificate };
}

/** The policies among the rules of a process that is edge, too. */
export function policiesOf(rules: Rules): Policies {
  return edgeRules(rules).policies;
}
