/** `keys.legacy-key.unwrap`: the data key of an object of format 1 (docs/format-1.md §4). That format binds it to nothing. */
import type { LegacyDataKeys, unwrapLegacyKey } from "@s3eg/shared/contracts/keys.ts";
import type { z } from "zod";
import { type LegacyKeyStores, legacyDataKeys } from "./legacy/legacy-keys.ts";

/** Answers with every key that may be the one. */
export function unwrapLegacyKeyAnswerer(stores: LegacyKeyStores) {
  return async ({ source }: z.infer<typeof unwrapLegacyKey.input>): Promise<LegacyDataKeys> => {
    const dataKeys = await legacyDataKeys(
      stores,
      source.kind === "password"
        ? { ...source, salt: Buffer.from(source.salt, "base64") }
        : { ...source, wrappedKey: Buffer.from(source.wrappedKey, "base64") },
    );
    return { dataKeys };
  };
}
