/** The custodian of `encryption.key_manager.pkcs11`: a token behind a PKCS#11 module. */
import { createSecretKey } from "node:crypto";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { Fault } from "@s3eg/shared/faults.ts";
import { unreadableFile } from "@s3eg/shared/runtime/setting-files.ts";
import { type Pkcs11Section, pkcs11Keys } from "../config/pkcs11.ts";
import { readKeySource, readSourceBytes } from "./key-source.ts";
import type { CustodyParts } from "./open-custodian.ts";
import { ModuleHost } from "./pkcs11/module-host.ts";
import { Pkcs11KeyStore } from "./pkcs11/pkcs11-key-store.ts";
import { configuredGuarding } from "./remote/configured-guarding.ts";
import { GuardedCustodian } from "./remote/guarded-custodian.ts";

const SECTION = "encryption.key_manager.pkcs11";

/** Opens it without loading the module; `config.invalid` where a file or variable that the settings name is not there. */
export async function configuredPkcs11({
  config,
  env,
  log,
  metrics,
}: CustodyParts): Promise<GuardedCustodian> {
  const section = config.key_manager.pkcs11;
  const { envelope_auth_key, timeout } = section;
  const [first, ...others] = pkcs11Keys(section);
  if (!first) throw new Fault("config.invalid", `${SECTION}: needs a key`);
  const module = await readableModule(section);
  const readPin = () => pinOf(section, env);
  // What is not there at the start is a wrong setting; later it is a login that fails.
  readPin();
  const place = () => ({
    libraryParameters: section.library_parameters,
    tokenLabel: section.token_label,
    slot: section.slot,
    pin: readPin(),
  });
  const envelopeKey =
    envelope_auth_key && readKeySource(envelope_auth_key, `${SECTION}.envelope_auth_key`, env);
  const host = new ModuleHost({ module, place, timeoutMs: timeout, env });
  const store = new Pkcs11KeyStore(host, {
    keys: [first, ...others],
    envelopeKey: envelopeKey && createSecretKey(envelopeKey.reveal()),
    log,
  });
  return new GuardedCustodian(store, configuredGuarding({ config, metrics }, timeout));
}

/** A name without a folder is looked for by the system. */
async function readableModule({ module = "" }: Pkcs11Section): Promise<string> {
  if (!isAbsolute(module)) return module;
  try {
    await access(module, constants.R_OK);
    return module;
  } catch (cause) {
    throw unreadableFile(`${SECTION}.module`, module, cause);
  }
}

function pinOf({ pin_source }: Pkcs11Section, env: CustodyParts["env"]): string {
  const what = `${SECTION}.pin_source`;
  const pin = pin_source && readSourceBytes(pin_source, what, env).toString("utf8").trim();
  if (pin) return pin;
  throw new Fault("config.invalid", `${what}: is empty`);
}
