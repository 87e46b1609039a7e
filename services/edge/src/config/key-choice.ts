/** `encryption.key_manager` of a policy file: which key of those that keys has. It holds none itself, nor the way to one. */
import type { KeyWish } from "@s3eg/shared/contracts/keys.ts";
import { PROVIDERS } from "@s3eg/shared/format/layout.ts";
import { z } from "zod";

const FIELDS = {
  enabled: z.boolean().optional().describe("false: no key is chosen"),
  provider: z
    .enum(PROVIDERS)
    .optional()
    .describe("key store of its buckets, by its name in headers; keys must let policies choose it"),
  key_id: z
    .string()
    .min(1)
    .optional()
    .describe("key of it, where it has several; default: the one it writes with"),
};

/** The wish of a policy; undefined where it chooses nothing. */
export const KeyChoice = z
  .looseObject(FIELDS)
  .superRefine(({ enabled, provider, key_id, ...others }, context) => {
    const refuse = (name: string, message: string) =>
      context.addIssue({ code: "custom", path: [name], message });
    for (const name of Object.keys(others)) {
      refuse(
        name,
        "is not a policy's to say: key stores and their secrets are configured in encryption.key_manager of the main configuration, for keys alone; a policy names one by provider and key_id",
      );
    }
    if (provider === undefined && (enabled === true || key_id !== undefined)) {
      refuse("provider", "is needed to choose a key");
    }
    if (provider === "password" && key_id !== undefined) {
      refuse("key_id", "a password has none that could be named: each epoch has its own");
    }
  })
  .transform(({ enabled, provider, key_id }): KeyWish | undefined => {
    if (enabled === false || provider === undefined) return undefined;
    return { provider, ...(key_id === undefined ? {} : { keyId: key_id }) };
  });
