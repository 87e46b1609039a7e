/** The custodians that the configuration names: the active one, and those that read beside it. */
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import { activeStore, type KeyStore, readingStores } from "../config/configured-stores.ts";
import type { PolicyKeys } from "../config/policy-keys.ts";
import { configuredAes } from "./configured-aes.ts";
import { configuredAwsKms } from "./configured-aws-kms.ts";
import { configuredAzure } from "./configured-azure.ts";
import { configuredGcp } from "./configured-gcp.ts";
import { configuredKmip } from "./configured-kmip.ts";
import { configuredPassword, configuredPasswordReader } from "./configured-password.ts";
import { configuredPkcs11 } from "./configured-pkcs11.ts";
import { configuredRsa } from "./configured-rsa.ts";
import { configuredTransit } from "./configured-transit.ts";
import type { ActiveCustodian, Custodian } from "./custodian.ts";
import { type ChoosableKeys, Custodians } from "./custodians.ts";
import type { CustodianOpener, CustodyParts } from "./open-custodian.ts";

const OPENERS: Readonly<Record<KeyStore, CustodianOpener>> = {
  aes: { open: configuredAes },
  rsa: { open: configuredRsa },
  kmip: { open: configuredKmip },
  transit: { open: configuredTransit },
  "aws-kms": { open: configuredAwsKms },
  azure: { open: configuredAzure },
  gcp: { open: configuredGcp },
  pkcs11: { open: configuredPkcs11 },
  password: { open: configuredPassword, openToRead: configuredPasswordReader },
};

/**
 * Opens the configured key stores and asks none of them for anything yet. `config.invalid` where there is none, and with a line for
 * every problem of all of them. `beside` are read from, too.
 */
export async function configuredCustodian(
  parts: CustodyParts,
  beside: readonly Custodian[] = [],
): Promise<Custodians> {
  const store = activeStore(parts.config);
  if (store === undefined) {
    throw new Fault(
      "config.invalid",
      "encryption.key_manager.enabled (KEY_MANAGER_ENABLED): needed, nothing else holds a KEK",
    );
  }
  const opened: Custodian[] = [];
  const problems: string[] = [];
  const kept = async <Opened extends Custodian>(open: () => Promise<Opened>) => {
    try {
      const custodian = await open();
      opened.push(custodian);
      return custodian;
    } catch (error) {
      if (!isFault(error, "config.invalid")) throw error;
      problems.push(error.message);
      return undefined;
    }
  };
  const active = await kept(() => OPENERS[store].open(parts));
  const readers: Custodian[] = [...beside];
  const choosable = active
    ? [standardKey(store, active), ...choosableKeys(store, active, parts)]
    : [];
  for (const name of readingStores(parts.config)) {
    const { open, openToRead = open } = OPENERS[name];
    const isChosen = policyKeysOf(name, parts).length > 0;
    const writer = isChosen ? await kept(() => open(parts)) : undefined;
    const reader = isChosen ? writer : await kept(() => openToRead(parts));
    if (reader) readers.push(reader);
    if (writer) choosable.push(...choosableKeys(name, writer, parts));
  }
  problems.push(...choosable.flatMap(missingKey));
  if (active && problems.length === 0) {
    return new Custodians(active, { readers, choosable, log: parts.log });
  }
  await Promise.all(opened.map((custodian) => custodian[Symbol.asyncDispose]()));
  throw new Fault("config.invalid", problems.join("\n"));
}

/** What a policy may say of the active key store without being allowed anything: that it is the one. */
function standardKey(provider: KeyStore, custodian: ActiveCustodian): ChoosableKeys {
  // A password's key ids are those of its epochs: known after the start, and nobody's to name.
  const keyId = provider === "password" ? undefined : custodian.activeKey.keyId;
  return { provider, keyId, custodian };
}

function choosableKeys(
  store: KeyStore,
  custodian: ActiveCustodian,
  parts: CustodyParts,
): ChoosableKeys[] {
  return policyKeysOf(store, parts).map(({ key_id: keyId }) => ({
    provider: store,
    keyId,
    custodian,
  }));
}

function policyKeysOf(store: KeyStore, { config }: CustodyParts): PolicyKeys {
  return config.key_manager.policy_keys.filter(({ provider }) => provider === store);
}

function missingKey({ provider, keyId, custodian }: ChoosableKeys): string[] {
  const isThere = keyId === undefined || custodian.readableKeys.some((key) => key.keyId === keyId);
  return isThere
    ? []
    : [`encryption.key_manager.policy_keys: ${provider} has no key "${keyId}" configured`];
}
