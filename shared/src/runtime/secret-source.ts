/** Secrets of fixed size that are given inline or as a file. */
import { readFile } from "node:fs/promises";
import { Fault } from "../faults.ts";
import { Secret } from "./secret.ts";

/** The two ways a configuration gives a secret; both absent: there is none. */
export interface SecretSource {
  /** What it is called in problems: `service.secret (SERVICE_SECRET)`. */
  readonly name: string;
  readonly inline: Secret | undefined;
  readonly file: string | undefined;
}

/**
 * Reads a secret of exactly `sizeBytes`, written in hex or base64 (white space around it is ignored). Undefined if none is
 * given; `config.invalid` if both are, if the file cannot be read, or if it is not such a secret.
 */
export async function readSecretBytes(
  source: SecretSource,
  sizeBytes: number,
): Promise<Secret<Uint8Array> | undefined> {
  const { name, inline, file } = source;
  if (inline && file !== undefined) throw refused(name, "give the value or the file, not both");
  if (!inline && file === undefined) return undefined;
  const text = inline ? inline.reveal() : await readText(name, file ?? "");
  const bytes = decode(text.trim());
  if (bytes?.byteLength !== sizeBytes) {
    throw refused(name, `expected ${sizeBytes} bytes in hex or base64`);
  }
  return new Secret(bytes);
}

async function readText(name: string, file: string): Promise<string> {
  try {
    return await readFile(file, "latin1");
  } catch (cause) {
    const reason = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
    throw refused(name, `cannot read ${file} (${reason})`, cause);
  }
}

function decode(text: string): Uint8Array | undefined {
  if (/^(?:[0-9a-fA-F]{2})+$/.test(text)) return Buffer.from(text, "hex");
  if (/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return Buffer.from(text, "base64");
  return undefined;
}

function refused(name: string, what: string, cause?: unknown): Fault {
  return new Fault("config.invalid", `${name}: ${what}`, { cause });
}
