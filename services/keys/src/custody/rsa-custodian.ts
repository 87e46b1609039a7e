/** The self-contained RSA custodian: private keys held by this process, OAEP with SHA-256 and the binding as label (format.md §5). */
import { createPublicKey, createSecretKey, type KeyObject, webcrypto } from "node:crypto";
import { Fault } from "@s3eg/shared/faults.ts";
import type { Secret } from "@s3eg/shared/runtime/secret.ts";
import {
  type IsRetired,
  type KeyRef,
  type KeyUse,
  type LegacyWrapped,
  refuseRetired,
} from "./custodian.ts";
import { authenticate, authenticated, checkValueOfPublic, envelopeKeyOf } from "./rsa-envelope.ts";
import { type ConfiguredVersions, SelfContainedCustodian } from "./self-contained-custodian.ts";

const MIN_BITS = 2048;
/** A larger one makes a header that S3 has no room for (format.md §4). */
const MAX_BITS = 8192;
/** So the format of before begins the name of a key, which ends in its check value. */
const LEGACY_ID = "self-contained-rsa-";
const OAEP = { name: "RSA-OAEP", hash: "SHA-256" };

/** A version of the key. */
interface RsaKey {
  readonly privateKey: KeyObject;
  /** 32 bytes that authenticate envelopes; absent: they follow from the private key. */
  readonly envelopeKey?: Secret<Uint8Array> | undefined;
}

interface Version {
  readonly publicKey: webcrypto.CryptoKey;
  readonly privateKey: webcrypto.CryptoKey;
  readonly envelopeKey: KeyObject;
  readonly checkValue: string;
}

/** A custodian over private keys in memory. The slow half of RSA runs on the thread pool. */
export class RsaCustodian extends SelfContainedCustodian<RsaKey, Version> {
  /** `config.invalid` for a key that is not RSA of 2048 to 8192 bits, or no key for the active version. */
  constructor(privateKeys: ConfiguredVersions<RsaKey>) {
    super("rsa", privateKeys, versionOf);
  }

  async wrap(payload: Uint8Array, { key, binding }: KeyUse): Promise<Buffer> {
    const { publicKey, envelopeKey } = this.held(key);
    const oaep = await webcrypto.subtle.encrypt(labelled(binding), publicKey, own(payload));
    return authenticated(Buffer.from(oaep), { envelopeKey, binding });
  }

  async unwrap(wrappedKey: Uint8Array, { key, binding }: KeyUse): Promise<Uint8Array> {
    const { privateKey, envelopeKey } = this.held(key);
    const oaep = authenticate(wrappedKey, { envelopeKey, binding });
    try {
      const payload = await webcrypto.subtle.decrypt(labelled(binding), privateKey, own(oaep));
      return new Uint8Array(payload);
    } catch (cause) {
      throw new Fault("crypto.integrity", "wrapped key does not open", { cause });
    }
  }

  /** OAEP without a label, under the key whose public half the object names (docs/format-1.md §4). */
  async unwrapLegacy(
    { wrappedKey, keyId }: LegacyWrapped,
    isRetired: IsRetired,
  ): Promise<Uint8Array> {
    const named = this.readableKeys.find((key) => LEGACY_ID + this.checkValue(key) === keyId);
    if (!named) {
      throw new Fault("keys.unknown-key", "object names an RSA key that is not configured");
    }
    refuseRetired(named, isRetired);
    try {
      const { privateKey } = this.held(named);
      const key = await webcrypto.subtle.decrypt(OAEP, privateKey, own(wrappedKey));
      return new Uint8Array(key);
    } catch (cause) {
      throw new Fault("crypto.integrity", "wrapped key does not open", { cause });
    }
  }

  checkValue(key: KeyRef): string {
    return this.held(key).checkValue;
  }
}

function labelled(binding: Uint8Array): webcrypto.RsaOaepParams {
  return { name: OAEP.name, label: own(binding) };
}

/** Web Crypto takes no bytes of a buffer that might be shared. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

function versionOf(version: number, { privateKey, envelopeKey }: RsaKey): Version {
  const bits = privateKey.asymmetricKeyDetails?.modulusLength ?? 0;
  const isUsable =
    privateKey.type === "private" &&
    privateKey.asymmetricKeyType === "rsa" &&
    bits >= MIN_BITS &&
    bits <= MAX_BITS;
  if (!isUsable) {
    const wanted = `an RSA private key of ${MIN_BITS} to ${MAX_BITS} bits`;
    throw new Fault("config.invalid", `key version ${version} is not ${wanted}`);
  }
  return {
    publicKey: createPublicKey(privateKey).toCryptoKey(OAEP, false, ["encrypt"]),
    privateKey: privateKey.toCryptoKey(OAEP, false, ["decrypt"]),
    envelopeKey: envelopeKey ? createSecretKey(envelopeKey.reveal()) : derivedKeyOf(privateKey),
    checkValue: checkValueOfPublic(privateKey),
  };
}

function derivedKeyOf(privateKey: KeyObject): KeyObject {
  const bytes = envelopeKeyOf(privateKey);
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return key;
}
