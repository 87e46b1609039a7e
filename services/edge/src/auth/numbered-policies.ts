/** Policies in numbered variables: `GW_POLICY_N_ID`, `GW_POLICY_N_BUCKETS` …, each as the text of a policy file. */
import { Fault } from "@s3eg/shared/faults.ts";
import { loadConfig } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";
import type { Env } from "./credential-sources.ts";

/** A policy as YAML, and how it is called in problems. */
export interface PolicyText {
  readonly name: string;
  readonly text: string;
}

const flag = () => z.boolean().optional();
const text = () => z.string().optional();

/** What can be said in variables: checked here as far as text becomes a value, else as a policy file. */
const VARIABLES = {
  ID: text(),
  BUCKETS: z.array(z.string()).optional(),
  DISABLE_ENCRYPTION: flag(),
  REQUIRE_ENCRYPTION: flag(),
  DISALLOW_LOCK_BYPASS: flag(),
  ENCRYPT_MULTIPART_UPLOADS: flag(),
  ENCRYPTION_PASSWORD: text(),
  ENCRYPTION_ALGORITHM: text(),
  KEY_PROVIDER: text(),
  KEY_ID: text(),
  REQUIRE_TLS: flag(),
  MAX_OBJECT_SIZE: z.number().optional(),
  NO_CACHE: flag(),
  RATE_LIMIT_ENABLED: flag(),
  RATE_LIMIT_REQUESTS: z.number().optional(),
  RATE_LIMIT_WINDOW: text(),
} as const;

/** The policies of the variables, by number. A variable of a policy that no setting answers to, or that does not parse, is `config.invalid`. */
export function numberedPolicies(env: Env): PolicyText[] {
  const named = Object.keys(env).flatMap((name) => {
    const [, digits, suffix] = /^GW_POLICY_(\d+)_(\w+)$/.exec(name) ?? [];
    return digits === undefined || suffix === undefined || !env[name]
      ? []
      : [{ name, digits, suffix }];
  });
  const unknown = named.filter(({ suffix }) => !Object.hasOwn(VARIABLES, suffix));
  if (unknown.length > 0) {
    const problems = unknown.map(({ name }) => `${name}: unknown setting`);
    throw new Fault("config.invalid", problems.join("\n"));
  }
  const numbers = [...new Set(named.map(({ digits }) => digits))];
  return numbers
    .sort((a, b) => Number(a) - Number(b))
    .map((n) => ({ name: `GW_POLICY_${n}_*`, text: JSON.stringify(policyOf(n, env)) }));
}

function policyOf(n: string, env: Env): object {
  const shape = Object.fromEntries(
    Object.entries(VARIABLES).map(([suffix, schema]) => [
      suffix,
      schema.meta({ env: `GW_POLICY_${n}_${suffix}` }),
    ]),
  ) as typeof VARIABLES;
  const given = loadConfig(z.strictObject(shape), { env });
  return {
    id: given.ID,
    buckets: given.BUCKETS,
    disable_encryption: given.DISABLE_ENCRYPTION,
    require_encryption: given.REQUIRE_ENCRYPTION,
    disallow_lock_bypass: given.DISALLOW_LOCK_BYPASS,
    encrypt_multipart_uploads: given.ENCRYPT_MULTIPART_UPLOADS,
    require_tls: given.REQUIRE_TLS,
    max_object_size: given.MAX_OBJECT_SIZE,
    no_cache: given.NO_CACHE,
    encryption: {
      password: given.ENCRYPTION_PASSWORD,
      preferred_algorithm: given.ENCRYPTION_ALGORITHM,
      key_manager: { provider: given.KEY_PROVIDER, key_id: given.KEY_ID },
    },
    rate_limit: {
      enabled: given.RATE_LIMIT_ENABLED,
      limit: given.RATE_LIMIT_REQUESTS,
      window: given.RATE_LIMIT_WINDOW,
    },
  };
}
