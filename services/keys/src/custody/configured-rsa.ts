/** The RSA custodian of `encryption.key_manager.self_contained.rsa`. */
import { createPrivateKey, type KeyObject } from "node:crypto";
import { Fault } from "@s3eg/shared/faults.ts";
import type { Secret } from "@s3eg/shared/runtime/secret.ts";
import { readVersions, refuseOtherKeys } from "./configured-versions.ts";
import { readKeySource, readSourceBytes } from "./key-source.ts";
import type { CustodyParts } from "./open-custodian.ts";
import { RsaCustodian } from "./rsa-custodian.ts";

/** Opens it; `config.invalid` with a line for every key that can't be read or is not the one its `check_value` says. */
export async function configuredRsa({ config, env }: CustodyParts): Promise<RsaCustodian> {
  await Promise.resolve();
  const { keys, active_version } = config.key_manager.self_contained.rsa;
  const versions = readVersions(keys, (setting) => {
    const what = `encryption.key_manager.self_contained.rsa: version ${setting.version}`;
    const { private_key_source: source, envelope_auth_key } = setting;
    const envelopeKey =
      envelope_auth_key && readKeySource(envelope_auth_key, `${what}: envelope_auth_key`, env);
    return { privateKey: readPrivateKey(source, what, env), envelopeKey };
  });
  const activeVersion = active_version ?? Math.max(...versions.keys());
  const custodian = new RsaCustodian({ versions, activeVersion });
  refuseOtherKeys(custodian, keys);
  return custodian;
}

function readPrivateKey(
  source: Secret,
  what: string,
  env: Readonly<Record<string, string | undefined>>,
): KeyObject {
  const isPem = source.reveal().trim().startsWith("-----BEGIN");
  const pem = isPem ? Buffer.from(source.reveal()) : readSourceBytes(source, what, env);
  try {
    return createPrivateKey(pem);
  } catch {
    // Its message may quote what it could not read.
    throw new Fault("config.invalid", `${what}: is no private key in PEM without a pass phrase`);
  } finally {
    pem.fill(0);
  }
}
