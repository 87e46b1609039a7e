/**
 * The canary: a known payload wrapped under each key version and kept, so that a wrong KEK is found when the gateway starts and
 * not at the first read of an object.
 */
import { createHash, randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import { packPayload, unpackPayload } from "@s3eg/shared/sealing/envelope.ts";
import { z } from "zod";
import {
  type ActiveCustodian,
  type Custodian,
  isSameKey,
  type KeyRef,
} from "./custody/custodian.ts";
import { errorCodeOf } from "./error-code.ts";

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
      if (!isAway || isSameKey(key, custodian.activeKey)) throw error;
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
  const named = `key version ${key.keyVersion} (${key.provider} "${key.keyId}")`;
  const path = join(folder, canaryName(key));
  return `${named}: is not the key that its canary ${path} was made with`;
}

async function isGenuine(custodian: Custodian, key: KeyRef, folder: string): Promise<boolean> {
  const path = join(folder, canaryName(key));
  const isKept = (await inFolder(folder, () => readText(path))) !== undefined;
  if (!isKept) {
    const canary = await makeCanary(custodian, key);
    await inFolder(folder, () => writeOnce(path, canary));
  }
  return await opens(custodian, key, await inFolder(folder, () => readText(path)));
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

/** The file appears whole or not at all. One that another process wrote meanwhile stays, and is checked like any other. */
async function writeOnce(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    await using file = await open(draft, "wx", 0o600);
    await file.writeFile(text);
    await file.sync();
    await link(draft, path);
  } catch (error) {
    if (errorCodeOf(error) !== "EEXIST") throw error;
  } finally {
    await rm(draft, { force: true });
  }
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
