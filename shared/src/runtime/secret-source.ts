/** Secrets of fixed size that are given inline or as a file. */
import { readFile } from "node:fs/promises";
import { Fault } from "../faults.ts";
import { errorCodeOf } from "./error-code.ts";
import { Secret } from "./secret.ts";

/** The two ways a configuration gives a secret; both absent: there is none. */
export interface SecretSource {
  /** What it is called in problems: `service.secret (SERVICE_SECRET)`. */
  readonly name: string;
  readonly inline: Secret | undefined;
  readonly file: string | undefined;
}

/**
 * Reads a secret of exactly `sizeBytes`, written in hex or base64 (white space around it is ignored), or as raw bytes in a file.
 * Undefined if none is given; `config.invalid` if both are, if the file cannot be read, or if it is not such a secret.
 */
export async function readSecretBytes(
  source: SecretSource,
  sizeBytes: number,
): Promise<Secret<Buffer> | undefined> {
  const { name, inline, file } = source;
  if (inline && file !== undefined) throw refused(name, "give the value or the file, not both");
  if (!inline && file === undefined) return undefined;
  const content = inline ? Buffer.from(inline.reveal()) : await readContent(name, file ?? "");
  const bytes = decodeSecretBytes(content, sizeBytes);
  if (!bytes) throw refused(name, `expected ${sizeBytes} bytes in hex or base64`);
  return new Secret(bytes);
}

/**
 * The secret of exactly `sizeBytes` that is written as `content`: hex, base64 or base64url with white space around it, or the
 * bytes themselves. Printable text is never taken for bytes: a pass phrase of the right length is no key. Undefined otherwise.
 */
export function decodeSecretBytes(content: Uint8Array, sizeBytes: number): Buffer | undefined {
  const isText = content.every((byte) => byte < 0x7f && (byte >= 0x20 || isLineSpace(byte)));
  const bytes = isText
    ? decode(Buffer.from(content).toString("latin1").trim())
    : Buffer.from(content);
  return bytes?.byteLength === sizeBytes ? bytes : undefined;
}

function isLineSpace(byte: number): boolean {
  return byte === 0x09 || byte === 0x0a || byte === 0x0d;
}

async function readContent(name: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    const reason = errorCodeOf(cause) ?? "unknown";
    throw refused(name, `cannot read ${file} (${reason})`, cause);
  }
}

function decode(text: string): Buffer | undefined {
  if (/^(?:[0-9a-fA-F]{2})+$/.test(text)) return Buffer.from(text, "hex");
  if (/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return Buffer.from(text, "base64");
  return undefined;
}

function refused(name: string, what: string, cause?: unknown): Fault {
  return new Fault("config.invalid", `${name}: ${what}`, { cause });
}
