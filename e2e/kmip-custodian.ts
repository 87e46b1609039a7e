/** Custodians and gateways of real KMIP servers: their settings. */
import { configuredKmip } from "../services/keys/src/custody/configured-kmip.ts";
import type { GuardedCustodian } from "../services/keys/src/custody/remote/guarded-custodian.ts";
import { load } from "../services/keys/test/config/read-settings.ts";
import { KeptLog } from "../shared/test/runtime/kept-log.ts";
import type { TestPki } from "./servers/test-pki.ts";

/** Settings for the keys at an endpoint, with the client certificate of `pki`; the provider is still to name. */
export function kmipSettings(endpoint: string, keys: string, pki: TestPki): Record<string, string> {
  return {
    COSMIAN_KMS_ENDPOINT: endpoint,
    COSMIAN_KMS_KEYS: keys,
    COSMIAN_KMS_CA_CERT: pki.ca,
    COSMIAN_KMS_CLIENT_CERT: pki.client.cert,
    COSMIAN_KMS_CLIENT_KEY: pki.client.key,
  };
}

/** A custodian with these settings, under either of the provider's names; not started. */
export async function kmipCustodianOf(
  provider: "kmip" | "cosmian",
  settings: Readonly<Record<string, string>>,
): Promise<GuardedCustodian> {
  const enabled = { KEY_MANAGER_ENABLED: "true", KEY_MANAGER_PROVIDER: provider };
  const config = load({ ...enabled, ...settings });
  return await configuredKmip({ config, env: {}, folder: "/nowhere", log: new KeptLog() });
}
