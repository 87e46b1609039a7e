/** KEKs from a password: the parameters, how a key id spells them, and the derivation (format.md §10). */
import { argon2, createSecretKey, type KeyObject, pbkdf2 } from "node:crypto";
import { promisify } from "node:util";
import type { KdfWork } from "@s3eg/shared/contracts/keys.ts";
import { fromBase64Url } from "@s3eg/shared/format/bytes.ts";
import type { Secret } from "@s3eg/shared/runtime/secret.ts";
import type { KdfSection } from "../../config/kdf.ts";

/** What an epoch's KEK is derived with, beside the password. */
export interface KdfParameters {
  readonly work: KdfWork;
  /** 16 bytes. */
  readonly salt: Uint8Array;
}

/** Bytes of a salt and of a KEK. */
export const SALT_BYTES = 16;
const KEK_BYTES = 32;

const ITERATIONS = { least: 600_000, most: 2_000_000 };
const PASSES = { least: 1, most: 6 };
const MEMORY_KIB = { least: 8, most: 262_144 };
const LANES = { least: 1, most: 8 };
/** What OWASP's cheat sheet on password storage asks of Argon2id at least. */
const LEAST_MEMORY_KIB = 19_456;

const DECIMAL = /^[1-9]\d{0,9}$/;

/** True within the limits of format.md §10, which keep what anybody may ask for from costing too much; format 1 took fewer iterations. */
export function isAffordable(work: KdfWork, leastIterations = ITERATIONS.least): boolean {
  if (work.algorithm === "pbkdf2-sha256") {
    return isWithin(work.iterations, { ...ITERATIONS, least: leastIterations });
  }
  const { passes, memoryKiB, lanes } = work;
  return (
    isWithin(passes, PASSES) &&
    isWithin(lanes, LANES) &&
    isWithin(memoryKiB, { ...MEMORY_KIB, least: MEMORY_KIB.least * lanes })
  );
}

/** The work of new epochs: as configured, and never less than what is safe. */
export function configuredWork({
  algorithm,
  pbkdf2: pbkdf2Section,
  argon2id,
}: KdfSection): KdfWork {
  if (algorithm === "pbkdf2-sha256") {
    return { algorithm, iterations: Math.max(pbkdf2Section.iterations, ITERATIONS.least) };
  }
  const memoryKiB = Math.max(argon2id.memory, LEAST_MEMORY_KIB);
  return { algorithm, passes: argon2id.time, memoryKiB, lanes: argon2id.threads };
}

/** The key id that stands for them. */
export function keyIdOf({ work, salt }: KdfParameters): string {
  return `${workId(work)}:${Buffer.from(salt).toString("base64url")}`;
}

/** True if a key id asks for exactly this work. */
export function isOfWork(keyId: string, work: KdfWork): boolean {
  const parameters = parametersOf(keyId);
  return parameters !== undefined && workId(parameters.work) === workId(work);
}

/** The parameters that a key id stands for; undefined unless it is the one spelling of parameters within the limits of format.md §10. */
export function parametersOf(keyId: string): KdfParameters | undefined {
  const [algorithm, ...rest] = keyId.split(":");
  const salt = fromBase64Url(rest.pop() ?? "");
  if (salt?.byteLength !== SALT_BYTES || !rest.every((number) => DECIMAL.test(number))) {
    return undefined;
  }
  const work = workOf(algorithm, rest.map(Number));
  return work && { work, salt };
}

/** Derives a KEK on a thread of the pool, not on this one: PBKDF2-HMAC-SHA256 (RFC 8018) or Argon2id (RFC 9106). */
export async function deriveKek(
  password: Secret<Uint8Array>,
  { work, salt }: KdfParameters,
): Promise<KeyObject> {
  const bytes = await deriveBytes(password.reveal(), work, salt);
  const kek = createSecretKey(bytes);
  bytes.fill(0);
  return kek;
}

/** 32 bytes from a password, derived on a thread of the pool. Bounds are the caller's business. */
export async function deriveBytes(
  message: Uint8Array,
  work: KdfWork,
  salt: Uint8Array,
): Promise<Buffer> {
  if (work.algorithm === "pbkdf2-sha256") {
    return await promisify(pbkdf2)(message, salt, work.iterations, KEK_BYTES, "sha256");
  }
  const { passes, memoryKiB, lanes } = work;
  return await promisify(argon2)("argon2id", {
    message,
    nonce: salt,
    parallelism: lanes,
    tagLength: KEK_BYTES,
    memory: memoryKiB,
    passes,
  });
}

function workId(work: KdfWork): string {
  return work.algorithm === "pbkdf2-sha256"
    ? `${work.algorithm}:${work.iterations}`
    : `${work.algorithm}:${work.passes}:${work.memoryKiB}:${work.lanes}`;
}

function workOf(algorithm: string | undefined, numbers: readonly number[]): KdfWork | undefined {
  const [first = Number.NaN, memoryKiB = Number.NaN, lanes = Number.NaN] = numbers;
  const work: KdfWork =
    algorithm === "argon2id"
      ? { algorithm, passes: first, memoryKiB, lanes }
      : { algorithm: "pbkdf2-sha256", iterations: first };
  const isSpelled = algorithm === work.algorithm && numbers.length === Object.keys(work).length - 1;
  return isSpelled && isAffordable(work) ? work : undefined;
}

function isWithin(number: number, { least, most }: { least: number; most: number }): boolean {
  return number >= least && number <= most;
}
