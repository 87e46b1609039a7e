/** The epoch of password mode: which salt and work new objects use now. Kept beside the canaries, so that a restart derives nothing new. */
import { randomBytes } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { KdfWork } from "@s3eg/shared/contracts/keys.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { errorCodeOf } from "@s3eg/shared/runtime/error-code.ts";
import { z } from "zod";
import { replaceWhole } from "../../whole-file.ts";
import type { KeyRef } from "../custodian.ts";
import { isOfWork, keyIdOf, SALT_BYTES } from "./kdf.ts";

/** How long an epoch is used for new objects, in milliseconds: 30 days. */
export const EPOCH_MS = 30 * 24 * 60 * 60 * 1000;

const FILE = "password-epoch.json";

const Record = z.strictObject({
  keyId: z.string(),
  keyVersion: z.int().min(0),
  /** Unix time in milliseconds. */
  createdAt: z.int(),
});

/** An epoch of a password. */
export interface Epoch extends KeyRef {
  /** Unix time in milliseconds. */
  readonly createdAtMs: number;
}

/** What new epochs are made with. */
export interface EpochSettings {
  readonly folder: string;
  readonly work: KdfWork;
  /** Number of the password. */
  readonly keyVersion: number;
}

/**
 * The epoch kept in the folder, if it is of this password and work and not over; otherwise a new one, which is then kept.
 * `config.invalid` if the folder can't be used. A record that can't be read is replaced: objects name their epochs themselves.
 */
export async function currentEpoch(
  { folder, work, keyVersion }: EpochSettings,
  nowMs: number,
): Promise<Epoch> {
  const kept = await readEpoch(folder);
  const isCurrent =
    kept !== undefined &&
    kept.keyVersion === keyVersion &&
    isOfWork(kept.keyId, work) &&
    !isOver(kept, nowMs);
  if (isCurrent) return kept;
  const keyId = keyIdOf({ work, salt: randomBytes(SALT_BYTES) });
  const epoch: Epoch = { provider: "password", keyId, keyVersion, createdAtMs: nowMs };
  await writeEpoch(folder, epoch);
  return epoch;
}

/** True if new objects want a new one. */
export function isOver({ createdAtMs }: Epoch, nowMs: number): boolean {
  // A clock that was wrong when the epoch began must not make it last.
  return nowMs - createdAtMs >= EPOCH_MS || createdAtMs > nowMs;
}

async function readEpoch(folder: string): Promise<Epoch | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, FILE), "utf8");
  } catch (cause) {
    if (errorCodeOf(cause) === "ENOENT") return undefined;
    throw refused(folder, cause);
  }
  const record = Record.safeParse(jsonOf(text)).data;
  if (!record) return undefined;
  const { keyId, keyVersion, createdAt } = record;
  return { provider: "password", keyId, keyVersion, createdAtMs: createdAt };
}

async function writeEpoch(folder: string, epoch: Epoch): Promise<void> {
  const { keyId, keyVersion, createdAtMs } = epoch;
  const record: z.infer<typeof Record> = { keyId, keyVersion, createdAt: createdAtMs };
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await replaceWhole(join(folder, FILE), `${JSON.stringify(record)}\n`);
  } catch (cause) {
    throw refused(folder, cause);
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refused(folder: string, cause: unknown): Fault {
  const reason = errorCodeOf(cause) ?? "unknown";
  const problem = `the epoch of the password cannot be kept in ${folder} (${reason})`;
  return new Fault("config.invalid", problem, { cause });
}
