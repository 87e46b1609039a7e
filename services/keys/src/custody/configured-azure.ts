/** The custodian of `encryption.key_manager.azure_key_vault`. */
import { createSecretKey } from "node:crypto";
import { Fault } from "@s3eg/shared/faults.ts";
import { azureKeyName, azureVault } from "../config/azure-key-vault.ts";
import { type AzureKey, AzureKeyStore } from "./azure/azure-key-store.ts";
import { readKeySource } from "./key-source.ts";
import { loadLibrary } from "./load-library.ts";
import type { CustodyParts } from "./open-custodian.ts";
import { configuredGuarding } from "./remote/configured-guarding.ts";
import { GuardedCustodian } from "./remote/guarded-custodian.ts";

const SECTION = "encryption.key_manager.azure_key_vault";

/** Opens it without asking Azure for anything; `config.invalid` where the SDK is not installed or an envelope key can't be read. */
export async function configuredAzure({
  config,
  env,
  log,
  metrics,
}: CustodyParts): Promise<GuardedCustodian> {
  const section = config.key_manager.azure_key_vault;
  const vaultUrl = azureVault(section);
  if (vaultUrl === undefined) throw new Fault("config.invalid", `${SECTION}: needs a vault_url`);
  const isPlain = vaultUrl.startsWith("http:");
  if (isPlain) log.warn({}, `${SECTION}: data keys cross the network in the clear (http)`);
  const makeClient = await clientMaker(vaultUrl, isPlain);
  const [first, ...others] = section.keys.flatMap((setting): AzureKey[] => {
    const named = azureKeyName(setting.key);
    if (!named) return [];
    const { name, azureVersion, algorithm } = named;
    const ref = { provider: "azure", keyId: name, keyVersion: setting.version } as const;
    const version = { ref, name, azureVersion, client: makeClient(name, azureVersion) };
    if (algorithm === "A256GCM") return [{ ...version, algorithm }];
    const source = setting.envelope_auth_key ?? section.envelope_auth_key;
    if (!source) throw new Fault("config.invalid", `${SECTION}: RSA needs an envelope_auth_key`);
    const secret = readKeySource(source, `${SECTION}.envelope_auth_key`, env);
    return [{ ...version, algorithm, envelopeKey: createSecretKey(secret.reveal()) }];
  });
  if (!first) throw new Fault("config.invalid", `${SECTION}: needs a key`);
  const store = new AzureKeyStore([first, ...others]);
  return new GuardedCustodian(store, configuredGuarding({ config, metrics }, section.timeout));
}

/** Makes clients that ask Azure for everything. They are given no key to look at, so that keys/get is no right they need. */
async function clientMaker(vaultUrl: string, isPlain: boolean) {
  const named = (name: string) => ({ name, section: SECTION });
  const { CryptographyClient } = await loadLibrary(
    () => import("@azure/keyvault-keys"),
    named("@azure/keyvault-keys"),
  );
  const { DefaultAzureCredential } = await loadLibrary(
    () => import("@azure/identity"),
    named("@azure/identity"),
  );
  const credential = new DefaultAzureCredential();
  return (name: string, version: string) =>
    new CryptographyClient(
      {
        id: `${vaultUrl}/keys/${name}/${version}`,
        name,
        properties: { vaultUrl, name, version },
      },
      credential,
      // Retries are the guard's.
      { retryOptions: { maxRetries: 0 }, allowInsecureConnection: isPlain },
    );
}
