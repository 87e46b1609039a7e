/**
 * Opens what lies in test/fixtures and test/vectors with `s3eg decrypt`, from files, and prints one JSON line for each: what it was, and the
 * SHA-256 of what came out. Run by offline.test.ts where there is no network.
 */
import { createCipheriv, hash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { decrypt } from "../../services/cli/src/commands/decrypt.ts";
import { decodeHeader, encodeHeader, type ObjectHeader } from "../../shared/src/format/header.ts";
import { bindingOf } from "../../shared/src/sealing/envelope.ts";
import { deriveObjectKeys, headerMac } from "../../shared/src/sealing/object-keys.ts";
import { wrapByHand } from "../format-by-hand.ts";
import { type FormatVector, readVectors, storedOf } from "../format-vector.ts";
import {
  bytesOf,
  exportedKeyOf,
  type Fixture,
  fixtures,
  legacyKeys,
} from "../gateway/legacy-fixtures.ts";
import { multipartStoredOf, readMultipartVectors } from "../multipart-vector.ts";

const EXPORTED_KEY = Buffer.alloc(32, 0xe7);

/** A vector whose data key is wrapped under another key. */
type Rewrapped = Pick<FormatVector, "header" | "place" | "dataKey">;

/** One object in files. */
interface OfflineCase {
  readonly name: string;
  readonly bucket: string;
  readonly key: string;
  readonly stored: Buffer;
  readonly metadata: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly sha256: string;
  readonly companion?: Fixture | undefined;
  /** The key of a key store that it is under, in hex. */
  readonly exportedKey?: string | undefined;
}

const folder = await mkdtemp(join(tmpdir(), "s3eg-offline-"));
try {
  const interfaces = Object.keys(networkInterfaces());
  process.stdout.write(`${JSON.stringify({ interfaces })}\n`);
  const common = {
    LISTEN_ADDR: "127.0.0.1:0",
    DATA_DIR: folder,
    KEY_MANAGER_ENABLED: "true",
    KEY_MANAGER_PROVIDER: "self_contained",
    SELF_CONTAINED_TYPE: "aes",
  };
  const legacy = { ...common, ...(await legacyKeys(folder)) };
  for (const item of [...legacyCases(legacy), ...vectorCases(common), ...partCases(common)]) {
    const opened = await opening(item);
    process.stdout.write(`${JSON.stringify({ name: item.name, sha256: item.sha256, opened })}\n`);
  }
} finally {
  await rm(folder, { recursive: true });
}

async function opening(item: OfflineCase): Promise<string> {
  const path = (name: string) => join(folder, name);
  await writeFile(path("object"), item.stored);
  await writeFile(path("metadata"), JSON.stringify(item.metadata));
  const args = [item.bucket, item.key, "--object", path("object"), "--metadata", path("metadata")];
  if (item.companion) {
    await writeFile(path("companion"), bytesOf(item.companion));
    await writeFile(path("companion-metadata"), JSON.stringify(item.companion.headers));
    args.push("--companion", path("companion"));
    args.push("--companion-metadata", path("companion-metadata"));
  }
  if (item.exportedKey !== undefined) args.push("--exported-key", "env:EXPORTED_KEY");
  const env = { ...item.env, EXPORTED_KEY: item.exportedKey };
  try {
    await decrypt([...args, "--out", path("out")], env);
    return hash("sha256", await readFile(path("out")));
  } catch (error) {
    return String(error);
  } finally {
    await rm(path("out"), { force: true });
  }
}

function legacyCases(env: Readonly<Record<string, string>>): OfflineCase[] {
  return fixtures
    .filter(({ role, sha256, format }) => role === "object" && sha256 && !/plain|F10/.test(format))
    .map((fixture) => ({
      name: `format 1 ${fixture.format} ${fixture.variant} ${fixture.key}`,
      bucket: fixture.bucket,
      key: fixture.key,
      stored: bytesOf(fixture),
      metadata: fixture.headers,
      env,
      exportedKey: exportedKeyOf(fixture),
      sha256: fixture.sha256 ?? "",
      companion: fixtures.find(
        ({ bucket, key }) => bucket === fixture.bucket && key === `${fixture.key}.mpu-manifest`,
      ),
    }));
}

function vectorCases(common: Readonly<Record<string, string>>): OfflineCase[] {
  const vectors = readVectors();
  return [...vectors].flatMap(([name, vector]) => {
    if (vector.expect !== "success" || vector.kek === undefined) return [];
    const stored = storedOf(vector, vectors);
    const own = caseOf(name, vector, { common, stored, etag: '"e"' });
    const exported = (["kmip", "pkcs11", "transit"] as const).map((provider) => ({
      ...own,
      name: `${own.name} under an exported key of ${provider}`,
      metadata: { ...own.metadata, "x-amz-meta-s3eg": underExportedKey(vector, provider) },
      exportedKey: EXPORTED_KEY.toString("hex"),
    }));
    return [own, ...exported];
  });
}

function partCases(common: Readonly<Record<string, string>>): OfflineCase[] {
  const vectors = readMultipartVectors();
  return [...vectors].flatMap(([name, vector]) => {
    if (vector.expect !== "success") return [];
    const etag = `"${"0".repeat(32)}-${vector.backendParts}"`;
    return [caseOf(name, vector, { common, stored: multipartStoredOf(vector, vectors), etag })];
  });
}

function caseOf(
  name: string,
  vector: Pick<FormatVector, "place" | "header" | "plaintext" | "dataKey"> & {
    readonly kek?: string;
  },
  made: { common: Readonly<Record<string, string>>; stored: Buffer; etag: string },
): OfflineCase {
  const header = decodeHeader(vector.header);
  const KEK = Buffer.from(vector.kek ?? "", "hex");
  return {
    name: `format 2 suite ${header.suite} ${name}`,
    ...vector.place,
    stored: made.stored,
    metadata: { "x-amz-meta-s3eg": underConfiguredKey(vector, KEK), etag: made.etag },
    env: { ...made.common, SELF_CONTAINED_AES_KEYS: "1=env:KEK", KEK: KEK.toString("base64") },
    sha256: vector.plaintext.sha256,
  };
}

/** The vectors name a key that no configuration can name: the same data key, wrapped by hand under version 1 of the AES keys. */
function underConfiguredKey(vector: Rewrapped, kek: Buffer): string {
  const key = { provider: "aes", keyId: "aes", keyVersion: 1 } as const;
  return rewrapped(vector, key, (payload, binding) => {
    const sealing = { salt: Buffer.alloc(32, 3), iv: Buffer.alloc(12, 4), binding };
    return wrapByHand(kek, sealing, payload);
  });
}

/** The same, as a key store wraps it (format.md §5): `iv ‖ ct ‖ tag`, of Transit in base64. */
function underExportedKey(vector: Rewrapped, provider: "kmip" | "pkcs11" | "transit"): string {
  const key = { provider, keyId: "of-a-store", keyVersion: provider === "transit" ? 0 : 1 };
  return rewrapped(vector, key, (payload, binding) => {
    const iv = Buffer.alloc(12, 5);
    const cipher = createCipheriv("aes-256-gcm", EXPORTED_KEY, iv);
    cipher.setAAD(binding);
    const ciphertext = Buffer.concat([cipher.update(payload), cipher.final()]);
    const wrapped = Buffer.concat([iv, ciphertext, cipher.getAuthTag()]);
    return provider === "transit" ? Buffer.from(`vault:v1:${wrapped.toString("base64")}`) : wrapped;
  });
}

function rewrapped(
  { header, place, dataKey }: Rewrapped,
  by: Pick<ObjectHeader, "provider" | "keyId" | "keyVersion">,
  wrap: (payload: Buffer, binding: Buffer) => Buffer,
): string {
  const { macInput: _, mac: __, ...fields } = decodeHeader(header);
  const named = { ...fields, ...by };
  const binding = Buffer.from(bindingOf({ ...named, place }));
  const key = Buffer.from(dataKey, "hex");
  const wrappedKey = wrap(Buffer.concat([Uint8Array.of(1), key, binding]), binding);
  const keys = deriveObjectKeys(key, named);
  return encodeHeader({ ...named, wrappedKey }, (macInput) => headerMac(keys, macInput));
}
