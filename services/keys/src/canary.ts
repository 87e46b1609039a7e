/**
 * The canary: a known payload wrapped under each key version and kept, so that a wrong KEK is found when the gateway starts and
 * not at the first read of an object.
 */
import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import { bindingOf, packPayload, unpackPayload } from "@s3eg/shared/sealing/envelope.ts";
import { z } from "zod";
import type { Custodian, KeyRef } from "./custody/custodian.ts";

const record = z.strictObject({ objectId: z.base64(), wrappedKey: z.base64() });
type CanaryRecord = z.infer<typeof record>;

/** Opens the canary of every readable version, and leaves one for a version that has none. A canary that does not open is `config.invalid`. */
export async function checkCanaries(custodian: Custodian, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const key of custodian.readableKeys) {
    const path = join(folder, canaryName(key));
    const kept = (await read(path)) ?? (await leave(custodian, { key, path }));
    await open(custodian, key, kept);
  }
}

function canaryName({ provider, keyId, keyVersion }: KeyRef): string {
  return `${provider}-${Buffer.from(keyId).toString("base64url")}-${keyVersion}.json`;
}

async function read(path: string): Promise<CanaryRecord | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new Fault("config.invalid", `canary ${path} can't be read`, { cause: error });
  }
  try {
    return record.parse(JSON.parse(text));
  } catch (cause) {
    throw new Fault("config.invalid", `canary ${path} is damaged`, { cause });
  }
}

async function leave(
  custodian: Custodian,
  { key, path }: { key: KeyRef; path: string },
): Promise<CanaryRecord> {
  const objectId = randomBytes(32);
  const binding = canaryBinding(key, objectId);
  const wrappedKey = await custodian.wrap(packPayload(randomBytes(32), binding), { key, binding });
  const left = {
    objectId: objectId.toString("base64"),
    wrappedKey: Buffer.from(wrappedKey).toString("base64"),
  };
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, JSON.stringify(left), { mode: 0o600 });
  await rename(temporary, path);
  return left;
}

async function open(
  custodian: Custodian,
  key: KeyRef,
  { objectId, wrappedKey }: CanaryRecord,
): Promise<void> {
  const binding = canaryBinding(key, Buffer.from(objectId, "base64"));
  try {
    unpackPayload(
      await custodian.unwrap(Buffer.from(wrappedKey, "base64"), { key, binding }),
      binding,
    ).fill(0);
  } catch (cause) {
    if (!isFault(cause, "crypto.integrity")) throw cause;
    throw new Fault(
      "config.invalid",
      `key version ${key.keyVersion} (${key.provider}) is not the key that was used before under this version`,
      { cause },
    );
  }
}

/** No object can have this place: a bucket name holds no slash. */
function canaryBinding(key: KeyRef, objectId: Uint8Array): Buffer {
  const place = { bucket: "s3eg/canary", key: "canary" };
  return bindingOf({ ...key, flags: 0, objectId, commitment: Buffer.alloc(32), place });
}
