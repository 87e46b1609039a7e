/** For tools that open objects whose key store is lost: the key that was exported from it, in place of what is configured. */
import { randomBytes } from "node:crypto";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { ExportedKey } from "./exported-key.ts";
import { readKeySource } from "./key-source.ts";
import type { CustodyParts } from "./open-custodian.ts";

const KEY_BYTES = 32;

/** The key that a source names (`env:NAME`, `file:/path`, `base64:…`; 32 bytes); `config.invalid` where it holds none. */
export function exportedKeyOf(source: string, env: CustodyParts["env"]): ExportedKey {
  return new ExportedKey(readKeySource(new Secret(source), "--exported-key", env));
}

/** Settings of a key that opens nothing: the store is not asked, so it need not be configured, but something must be. */
export function unusedKey(): Readonly<Record<string, string>> {
  return {
    KEY_MANAGER_ENABLED: "true",
    KEY_MANAGER_PROVIDER: "self_contained",
    SELF_CONTAINED_TYPE: "aes",
    SELF_CONTAINED_AES_KEYS: "1=env:S3EG_UNUSED_KEY",
    S3EG_UNUSED_KEY: randomBytes(KEY_BYTES).toString("base64"),
  };
}
