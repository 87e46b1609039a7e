/** The custodians that the configuration names: the active one, and those that read beside it. */
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import { activeStore, type KeyStore, readingStores } from "../config/configured-stores.ts";
import { configuredAes } from "./configured-aes.ts";
import { configuredAwsKms } from "./configured-aws-kms.ts";
import { configuredKmip } from "./configured-kmip.ts";
import { configuredPassword, configuredPasswordReader } from "./configured-password.ts";
import { configuredRsa } from "./configured-rsa.ts";
import { configuredTransit } from "./configured-transit.ts";
import type { Custodian } from "./custodian.ts";
import { Custodians } from "./custodians.ts";
import type { CustodianOpener, CustodyParts } from "./open-custodian.ts";

const OPENERS: Readonly<Record<KeyStore, CustodianOpener>> = {
  aes: { open: configuredAes },
  rsa: { open: configuredRsa },
  kmip: { open: configuredKmip },
  transit: { open: configuredTransit },
  "aws-kms": { open: configuredAwsKms },
  password: { open: configuredPassword, openToRead: configuredPasswordReader },
};

/**
 * Opens the configured key stores and asks none of them for anything yet. `config.invalid` where there is none, and with a line for
 * every problem of all of them.
 */
export async function configuredCustodian(parts: CustodyParts): Promise<Custodians> {
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
  const readers: Custodian[] = [];
  for (const name of readingStores(parts.config)) {
    const { open, openToRead } = OPENERS[name];
    const reader = await kept(() => (openToRead ?? open)(parts));
    if (reader) readers.push(reader);
  }
  if (active && problems.length === 0) {
    return new Custodians(active, { readers, log: parts.log });
  }
  await Promise.all(opened.map((custodian) => custodian[Symbol.asyncDispose]()));
  throw new Fault("config.invalid", problems.join("\n"));
}
