/** The bearer token: where it comes from, and whether a caller has it. */
import { createHash, timingSafeEqual } from "node:crypto";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { Fault } from "@s3eg/shared/faults.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";

const MIN_TOKEN_BYTES = 32;
const REFRESH_MS = 30_000;

/** Knows the current token. */
export interface TokenKeeper {
  /** True if `authorization` is `Bearer <token>`. Takes the same time whatever is wrong with it. */
  admits(authorization: string): Promise<boolean>;
}

/** Keeps a token that was given inline. `config.invalid` if it is too short. */
export function inlineToken(token: Secret): TokenKeeper {
  const digest = digestOf(checkedToken(token, "admin.auth.token"));
  return { admits: async (authorization) => isBearer(authorization, digest) };
}

/**
 * Keeps the token of a file and reads it again when it is older than 30 s, so that it can be exchanged without a restart.
 * `config.invalid` if the file cannot be used at the start; later the old token stays in force and the log says so.
 */
export async function fileToken(
  path: string,
  log: Log,
  now: () => number = () => performance.now(),
): Promise<TokenKeeper> {
  let digest = digestOf(await readToken(path));
  let readAtMs = now();
  return {
    async admits(authorization) {
      if (now() - readAtMs >= REFRESH_MS) {
        readAtMs = now();
        try {
          digest = digestOf(await readToken(path));
        } catch (error) {
          log.warn({ err: error }, "admin token not read again: the old one stays in force");
        }
      }
      return isBearer(authorization, digest);
    },
  };
}

async function readToken(path: string): Promise<Secret> {
  const name = "admin.auth.token_file";
  let text: string;
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    const { mode } = await file.stat();
    if ((mode & 0o077) !== 0) {
      throw new Error(`mode ${(mode & 0o777).toString(8)}, expected 600 or less`);
    }
    text = await file.readFile("utf8");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "";
    throw new Fault("config.invalid", `${name}: cannot be used: ${reason}`, { cause });
  }
  return checkedToken(new Secret(text.trim()), name);
}

function checkedToken(token: Secret, name: string): Secret {
  if (strengthBytes(token.reveal()) >= MIN_TOKEN_BYTES) return token;
  const least = `${MIN_TOKEN_BYTES} bytes, where hex and base64 count for what they stand for`;
  throw new Fault("config.invalid", `${name}: the token has less than ${least}`);
}

/** Bytes that hex or base64 stand for, where the token is written so; else its characters. */
function strengthBytes(token: string): number {
  if (/^(?:[0-9a-fA-F]{2})+$/.test(token)) return token.length / 2;
  if (/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(token)) {
    return Buffer.from(token, "base64").byteLength;
  }
  return token.length;
}

/** Digests have one length, so comparing them tells nothing of the token's. */
function digestOf(token: Secret): Uint8Array {
  return createHash("sha256").update(token.reveal()).digest();
}

function isBearer(authorization: string, digest: Uint8Array): boolean {
  const [scheme = "", given = ""] = authorization.split(" ", 2);
  const isSame = timingSafeEqual(digestOf(new Secret(given)), digest);
  return isSame && scheme.toLowerCase() === "bearer";
}
