/** Keys that policies may choose: `encryption.key_manager.policy_keys`. What is not among them wraps for nobody but as the active key. */
import { PROVIDERS } from "@s3eg/shared/format/layout.ts";
import { z } from "zod";
import type { SettingProblem } from "./setting-problem.ts";

const PolicyKey = z.preprocess(
  fromText,
  z
    .strictObject({
      provider: z.enum(PROVIDERS).describe("key store, by its name in headers"),
      key_id: z.string().min(1).optional().describe("one key of it; absent: any"),
    })
    .refine(({ provider, key_id }) => provider !== "password" || key_id === undefined, {
      path: ["key_id"],
      message: "a password has none that could be named: each epoch has its own",
    }),
);

/** `policy_keys`; in a variable `rsa,kmip=tenant-b`. */
export const PolicyKeys = z
  .array(PolicyKey)
  .default([])
  .meta({ env: "KEY_MANAGER_POLICY_KEYS" })
  .describe(
    "keys beside that of provider that policies may choose; as a variable: provider or provider=key id, with commas",
  );
export type PolicyKeys = z.infer<typeof PolicyKeys>;

/** Entries that name a key store which is not configured; paths from `encryption.key_manager` on. */
export function policyKeyProblems(
  keys: PolicyKeys,
  configured: ReadonlySet<string>,
): SettingProblem[] {
  return keys.flatMap(({ provider }, at) =>
    configured.has(provider)
      ? []
      : [{ path: ["policy_keys", String(at)], message: `key store ${provider} is not configured` }],
  );
}

function fromText(entry: unknown): unknown {
  if (typeof entry !== "string") return entry;
  const [provider, ...rest] = entry.split("=");
  return rest.length === 0 ? { provider } : { provider, key_id: rest.join("=") };
}
