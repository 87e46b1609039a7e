/** Where a KEK comes from: `env:NAME`, `file:/path` or `base64:…` (settings `key_source`). */
import { readFileSync } from "node:fs";
import { Fault } from "@s3eg/shared/faults.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { decodeSecretBytes } from "@s3eg/shared/runtime/secret-source.ts";
import { unreadableFile } from "@s3eg/shared/runtime/setting-files.ts";

type Env = Readonly<Record<string, string | undefined>>;

const KEK_BYTES = 32;

/**
 * Reads a KEK of 32 bytes: base64 or hex with white space around it, or a file that holds the bytes themselves. `config.invalid` in
 * the name of `what` if there is none, or it is all zero; the source's text is never repeated.
 */
export function readKeySource(source: Secret, what: string, env: Env): Secret<Uint8Array> {
  const content = contentOf(source.reveal().trim(), what, env);
  const key = decodeSecretBytes(content, KEK_BYTES);
  if (!key) throw refused(what, `is not a key of ${KEK_BYTES} bytes in base64 or hex`);
  if (key.every((byte) => byte === 0)) throw refused(what, "is all zero");
  return new Secret(key);
}

/**
 * The bytes that a source names: the text of a variable, the content of a file as it is, or what is written in place. `config.invalid`
 * in the name of `what` if there is none.
 */
export function readSourceBytes(source: Secret, what: string, env: Env): Buffer {
  return contentOf(source.reveal().trim(), what, env);
}

function contentOf(source: string, what: string, env: Env): Buffer {
  const [, kind, rest = ""] = /^(env|file|base64):(.*)$/s.exec(source) ?? [];
  switch (kind) {
    case "env": {
      const text = env[rest];
      if (!text) throw refused(what, `variable ${rest} is not set`);
      return Buffer.from(text);
    }
    case "file":
      return contentOfFile(rest, what);
    case "base64":
      return Buffer.from(rest);
    default:
      throw refused(what, "key_source must begin with env:, file: or base64:");
  }
}

function contentOfFile(path: string, what: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw unreadableFile(what, path, cause);
  }
}

function refused(what: string, problem: string): Fault {
  return new Fault("config.invalid", `${what}: ${problem}`);
}
