/** Where a KEK comes from: `env:NAME`, `file:/path` or `base64:…` (settings `key_source`). */
import { readFileSync } from "node:fs";
import { Fault } from "@s3eg/shared/faults.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";

type Env = Readonly<Record<string, string | undefined>>;

const KEK_BYTES = 32;

/** Reads a KEK of 32 bytes: raw (files alone), base64 or hex. Anything else is `config.invalid`; the source's text is never repeated. */
export function readKeySource(source: Secret, what: string, env: Env): Secret<Uint8Array> {
  const [, kind, rest = ""] = /^(env|file|base64):(.*)$/s.exec(source.reveal()) ?? [];
  switch (kind) {
    case "env":
      return decoded(env[rest], `${what}: variable ${rest}`);
    case "file":
      return fromFile(rest, what);
    case "base64":
      return decoded(rest, what);
    default:
      throw new Fault(
        "config.invalid",
        `${what}: key_source must begin with env:, file: or base64:`,
      );
  }
}

function fromFile(path: string, what: string): Secret<Uint8Array> {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new Fault("config.invalid", `${what}: ${path} can't be read`, { cause });
  }
  return bytes.byteLength === KEK_BYTES
    ? new Secret(bytes)
    : decoded(bytes.toString("latin1"), `${what}: ${path}`);
}

function decoded(text: string | undefined, what: string): Secret<Uint8Array> {
  const trimmed = text?.trim() ?? "";
  if (trimmed === "") throw new Fault("config.invalid", `${what} is empty`);
  const bytes = /^[0-9a-fA-F]{64}$/.test(trimmed)
    ? Buffer.from(trimmed, "hex")
    : Buffer.from(trimmed, "base64");
  if (bytes.byteLength !== KEK_BYTES) {
    throw new Fault(
      "config.invalid",
      `${what} is not a key of ${KEK_BYTES} bytes in base64 or hex`,
    );
  }
  return new Secret(bytes);
}
