/** Who may come in, and by which policy their buckets are treated: read once, from settings and files. */
import type { BackendIdentity } from "@s3eg/shared/backend/credentials.ts";
import { configuredCredentials } from "../../edge/src/auth/configured-credentials.ts";
import { configuredPolicies } from "../../edge/src/auth/configured-policies.ts";
import { Credentials } from "../../edge/src/auth/credentials.ts";
import type { Policies } from "../../edge/src/auth/policy.ts";
import type { Env, GatewayConfig } from "./gateway-config.ts";

/** Clients, policies, and the backend identities that clients bring along. */
export interface Entrance {
  readonly credentials: Credentials;
  readonly policies: Policies;
  readonly identities: readonly BackendIdentity[];
}

/** Reads credentials and policies; throws `config.invalid`. */
export function openEntrance(config: GatewayConfig, env: Env): Entrance {
  const configured = configuredCredentials(config.auth.credentials, env);
  const identities = configured.flatMap(({ identity, identitySecret }) =>
    identity === undefined || !identitySecret
      ? []
      : [{ accessKey: identity, secretKey: identitySecret }],
  );
  return {
    credentials: new Credentials(configured),
    policies: configuredPolicies(config.policies, {
      ...config.objects,
      preferredAlgorithm: config.encryption.preferred_algorithm,
    }),
    identities,
  };
}
