/**
 * The canary: a known payload wrapped under each key version and kept, so that a wrong KEK is found when the gateway starts and
 * not at the first read of an object.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import { errorCodeOf } from "@s3eg/shared/runtime/error-code.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import { packPayload, unpackPayload } from "@s3eg/shared/sealing/envelope.ts";
import { z } from "zod";
import {
  type ActiveCustodian,
  type Custodian,
  isSameKey,
  type KeyRef,
} from "./custody/custodian.ts";
import { replaceWhole, writeWholeOnce } from "./whole-file.ts";

/** Key stores that may wrap by a newer version of a key than before, under the same name. */
const HAS_OWN_VERSIONS: ReadonlySet<KeyRef["provider"]> = new Set([
  "aws-kms",
  "gcp",
  "kmip",
  "transit",
]);

const Canary = z.strictObject({ wrappedKey: z.base64() });

/** Where canaries are kept, and where it is said that one could not be tried. */
interface CanaryPlace {
  readonly folder: string;
  readonly log: Log;
}

/**
 * Proves by its canary that a version is the one it was before; undefined where that is proven already. `keys.denied` for one that is not;
 * rejects as its custodian does where it can't be tried.
 */
export type ProveKey = (key: KeyRef) => Promise<void> | undefined;

/**
 * Opens the canary of every readable version, after leaving one for a version that has none. `config.invalid` with a line for
 * every version whose canary does not open, or if the folder cannot be used. But the active one, a version may be out of reach: what
 * is resolved with proves it before it is first used for writing.
 */
export async function checkCanaries(
  custodian: ActiveCustodian,
  { folder, log }: CanaryPlace,
): Promise<ProveKey> {
  const proven = new Set<string>();
  await inFolder(folder, () => mkdir(folder, { recursive: true, mode: 0o700 }));
  const problems: string[] = [];
  for (const key of custodian.readableKeys) {
    try {
      if (await isGenuine(custodian, key, folder)) proven.add(canaryName(key));
      else problems.push(notGenuine(key, folder));
    } catch (error) {
      const isAway = isFault(error, "keys.unavailable", "keys.denied");
      const isActive = isSameKey(key, custodian.activeKey);
      if (isActive && isFault(error, "keys.denied")) {
        problems.push(notOpened(key, folder));
        continue;
      }
      if (!isAway || isActive) throw error;
      log.warn({ err: error, ...key }, "a key version beside the active one could not be checked");
    }
  }
  if (problems.length > 0) throw new Fault("config.invalid", problems.join("\n"));
  const prove = async (key: KeyRef) => {
    if (!(await isGenuine(custodian, key, folder))) {
      throw new Fault("keys.denied", notGenuine(key, folder));
    }
    proven.add(canaryName(key));
  };
  return (key) => (proven.has(canaryName(key)) ? undefined : prove(key));
}

function notGenuine(key: KeyRef, folder: string): string {
  return `${nameOf(key)}: is not the key that its canary ${pathOf(key, folder)} was made with`;
}

/** The key itself was just seen to work. */
function notOpened(key: KeyRef, folder: string): string {
  const advice = "remove that file if the version that wrapped it was retired there";
  const problem = `the key store no longer opens its canary ${pathOf(key, folder)}`;
  return `${nameOf(key)}: ${problem}; ${advice}`;
}

function nameOf({ provider, keyId, keyVersion }: KeyRef): string {
  return `key version ${keyVersion} (${provider} "${keyId}")`;
}

function pathOf(key: KeyRef, folder: string): string {
  return join(folder, canaryName(key));
}

async function isGenuine(custodian: Custodian, key: KeyRef, folder: string): Promise<boolean> {
  const path = pathOf(key, folder);
  const isKept = (await inFolder(folder, () => readText(path))) !== undefined;
  if (!isKept) {
    const canary = await makeCanary(custodian, key);
    await inFolder(folder, () => writeWholeOnce(path, canary));
  }
  const isRight = await opens(custodian, key, await inFolder(folder, () => readText(path)));
  if (isRight && isKept && HAS_OWN_VERSIONS.has(key.provider)) await renew(custodian, key, folder);
  return isRight;
}

/** Wraps it by the version of today, before the one of before is retired. A key that only opens any more keeps its canary. */
async function renew(custodian: Custodian, key: KeyRef, folder: string): Promise<void> {
  try {
    const canary = await makeCanary(custodian, key);
    await inFolder(folder, () => replaceWhole(pathOf(key, folder), canary));
  } catch (error) {
    if (!isFault(error, "keys.unavailable", "keys.denied")) throw error;
  }
}

function canaryName({ provider, keyId, keyVersion }: KeyRef): string {
  const hashed = createHash("sha256").update(keyId).digest("hex").slice(0, 16);
  return `${provider}-${hashed}-${keyVersion}.json`;
}

async function makeCanary(custodian: Custodian, key: KeyRef): Promise<string> {
  const binding = canaryBinding(key);
  const secret = randomBytes(32);
  const payload = packPayload(secret, binding);
  const wrapped = await custodian.wrap(payload, { key, binding });
  secret.fill(0);
  payload.fill(0);
  return `${JSON.stringify({ wrappedKey: Buffer.from(wrapped).toString("base64") })}\n`;
}

/** False for a canary of another key, and for a damaged one. A custodian that fails otherwise rejects. */
async function opens(
  custodian: Custodian,
  key: KeyRef,
  text: string | undefined,
): Promise<boolean> {
  const canary = Canary.safeParse(jsonOf(text ?? ""));
  if (!canary.success) return false;
  const binding = canaryBinding(key);
  try {
    const wrapped = Buffer.from(canary.data.wrappedKey, "base64");
    const payload = await custodian.unwrap(wrapped, { key, binding });
    unpackPayload(payload, binding).fill(0);
    payload.fill(0);
    return true;
  } catch (error) {
    if (isFault(error, "crypto.integrity")) return false;
    throw error;
  }
}

/** No envelope has this binding: the label differs (format.md §5). */
function canaryBinding({ provider, keyId, keyVersion }: KeyRef): Buffer {
  const named = JSON.stringify(["s3eg/2/canary", provider, keyId, keyVersion]);
  return createHash("sha256").update(named).digest();
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errorCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function inFolder<Result>(folder: string, use: () => Promise<Result>): Promise<Result> {
  try {
    return await use();
  } catch (cause) {
    const reason = errorCodeOf(cause) ?? "unknown";
    throw new Fault("config.invalid", `canaries cannot be kept in ${folder} (${reason})`, {
      cause,
    });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
