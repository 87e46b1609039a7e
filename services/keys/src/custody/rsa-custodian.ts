/** The self-contained RSA custodian: private keys held by this process, OAEP with SHA-256 and the binding as label (format.md §5). */
import { createPublicKey, createSecretKey, hash, type KeyObject, webcrypto } from "node:crypto";
import { Fault } from "@s3eg/shared/faults.ts";
import type { Secret } from "@s3eg/shared/runtime/secret.ts";
import {
  type ActiveCustodian,
  isSameKey,
  type KeyRef,
  type KeyUse,
  type LegacyWrapped,
} from "./custodian.ts";
import { authenticate, authenticated, checkValueOfPublic, envelopeKeyOf } from "./rsa-envelope.ts";

/** Headers name the versions of this custodian's one key so. */
const KEY_ID = "rsa";
const MIN_BITS = 2048;
/** A larger one makes a header that S3 has no room for (format.md §4). */
const MAX_BITS = 8192;
const OAEP = { name: "RSA-OAEP", hash: "SHA-256" };

/** A version of the key. */
interface RsaKey {
  readonly privateKey: KeyObject;
  /** 32 bytes that authenticate envelopes; absent: they follow from the private key. */
  readonly envelopeKey?: Secret<Uint8Array> | undefined;
}

/** Private keys by version. */
export interface RsaKeys {
  readonly versions: ReadonlyMap<number, RsaKey>;
  readonly activeVersion: number;
}

interface Version {
  readonly publicKey: webcrypto.CryptoKey;
  readonly privateKey: webcrypto.CryptoKey;
  readonly envelopeKey: KeyObject;
  readonly checkValue: string;
  /** How the format of before calls the key. */
  readonly legacyKeyId: string;
}

/** A custodian over private keys in memory. The slow half of RSA runs on the thread pool. */
export class RsaCustodian implements ActiveCustodian {
  readonly #versions: ReadonlyMap<number, Version>;
  readonly activeKey: KeyRef;
  readonly readableKeys: readonly KeyRef[];

  /** `config.invalid` for a key that is not RSA of 2048 to 8192 bits, or no key for the active version. */
  constructor({ versions, activeVersion }: RsaKeys) {
    if (!versions.has(activeVersion)) {
      throw new Fault("config.invalid", `active version ${activeVersion} has no key`);
    }
    this.#versions = new Map(
      [...versions].map(([version, key]) => [version, versionOf(version, key)]),
    );
    this.activeKey = keyRef(activeVersion);
    this.readableKeys = [...versions.keys()].map(keyRef);
  }

  keyNamed(named: KeyRef): KeyRef | undefined {
    return this.readableKeys.find((key) => isSameKey(key, named));
  }

  /** In memory there is nothing to be opened. */
  async start(): Promise<void> {
    await Promise.resolve();
  }

  async wrap(payload: Uint8Array, { key, binding }: KeyUse): Promise<Buffer> {
    const { publicKey, envelopeKey } = this.#version(key);
    const oaep = await webcrypto.subtle.encrypt(labelled(binding), publicKey, own(payload));
    return authenticated(Buffer.from(oaep), { envelopeKey, binding });
  }

  async unwrap(wrappedKey: Uint8Array, { key, binding }: KeyUse): Promise<Uint8Array> {
    const { privateKey, envelopeKey } = this.#version(key);
    const oaep = authenticate(wrappedKey, { envelopeKey, binding });
    try {
      const payload = await webcrypto.subtle.decrypt(labelled(binding), privateKey, own(oaep));
      return new Uint8Array(payload);
    } catch (cause) {
      throw new Fault("crypto.integrity", "wrapped key does not open", { cause });
    }
  }

  /** OAEP without a label, under the key whose public half the object names (docs/format-1.md §4). */
  async unwrapLegacy({ wrappedKey, keyId }: LegacyWrapped): Promise<Uint8Array> {
    const version = [...this.#versions.values()].find(({ legacyKeyId }) => legacyKeyId === keyId);
    if (!version)
      throw new Fault("keys.unknown-key", "object names an RSA key that is not configured");
    try {
      const key = await webcrypto.subtle.decrypt(OAEP, version.privateKey, own(wrappedKey));
      return new Uint8Array(key);
    } catch (cause) {
      throw new Fault("crypto.integrity", "wrapped key does not open", { cause });
    }
  }

  /** In memory there is nothing that could be away. */
  async check(): Promise<void> {
    await Promise.resolve();
  }

  checkValue(key: KeyRef): string {
    return this.#version(key).checkValue;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
  }

  #version({ keyVersion }: KeyRef): Version {
    const version = this.#versions.get(keyVersion);
    if (version) return version;
    throw new Fault("keys.unknown-key", `version ${keyVersion} is not configured`);
  }
}

function keyRef(keyVersion: number): KeyRef {
  return { provider: "rsa", keyId: KEY_ID, keyVersion };
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
  const derived = envelopeKey ? undefined : envelopeKeyOf(privateKey);
  const macKey = createSecretKey(derived ?? envelopeKey?.reveal() ?? new Uint8Array());
  derived?.fill(0);
  return {
    publicKey: createPublicKey(privateKey).toCryptoKey(OAEP, false, ["encrypt"]),
    privateKey: privateKey.toCryptoKey(OAEP, false, ["decrypt"]),
    envelopeKey: macKey,
    checkValue: checkValueOfPublic(privateKey),
    legacyKeyId: legacyKeyIdOf(privateKey),
  };
}

/** The first eight bytes of the SHA-256 of the public key (RFC 5280, SubjectPublicKeyInfo), in hex. */
function legacyKeyIdOf(privateKey: KeyObject): string {
  const publicKey = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  return `self-contained-rsa-${hash("sha256", publicKey).slice(0, 16)}`;
}
