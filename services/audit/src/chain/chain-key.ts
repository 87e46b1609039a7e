/** The key of the chain: who lacks it can neither change a line nor write the chain anew without being found out. */
import { createHmac, hkdfSync, randomBytes } from "node:crypto";
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@s3eg/shared/faults.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { decodeSecretBytes, readSecretBytes } from "@s3eg/shared/runtime/secret-source.ts";
import { readKept } from "./kept-file.ts";

const KEY_BYTES = 32;
const FILE = "chain.key";
const NAME = "audit.chain_key (AUDIT_CHAIN_KEY)";

/** Makes the codes of lines and of heads: HMAC-SHA-256 in hex, each under a key of its own (HKDF, RFC 5869). */
export class ChainKey {
  readonly #lines: Uint8Array;
  readonly #heads: Uint8Array;

  /** From 32 secret bytes. */
  constructor(secret: Secret<Uint8Array>) {
    const derived = (purpose: string) =>
      new Uint8Array(hkdfSync("sha256", secret.reveal(), "", `s3eg audit ${purpose}`, KEY_BYTES));
    this.#lines = derived("line");
    this.#heads = derived("head");
  }

  /** The code of a line; `text` has one character for each byte. */
  ofLine(text: string): string {
    return createHmac("sha256", this.#lines).update(text, "latin1").digest("hex");
  }

  /** The code of a head. */
  ofHead(text: string): string {
    return createHmac("sha256", this.#heads).update(text, "latin1").digest("hex");
  }
}

/** Where the key is: in the settings, or in a file of `folder`. */
export interface KeySource {
  readonly folder: string;
  readonly inline?: Secret | undefined;
  readonly file?: string | undefined;
}

/** The configured key, else the one kept in the folder; undefined where that has none yet. `config.invalid` if it is no key. */
export async function readChainKey({
  folder,
  inline,
  file,
}: KeySource): Promise<ChainKey | undefined> {
  const configured = await readSecretBytes({ name: NAME, inline, file }, KEY_BYTES);
  if (configured) return new ChainKey(configured);
  const path = join(folder, FILE);
  const content = await readKept(path);
  if (!content) return undefined;
  const bytes = decodeSecretBytes(content, KEY_BYTES);
  if (!bytes) throw new Fault("config.invalid", `audit: ${path} is not a key of 32 bytes`);
  return new ChainKey(new Secret(bytes));
}

/** As `readChainKey`, and makes a key where there is none: readable by this user alone. */
export async function openChainKey(source: KeySource): Promise<ChainKey> {
  const known = await readChainKey(source);
  if (known) return known;
  const secret = new Secret(randomBytes(KEY_BYTES));
  const path = join(source.folder, FILE);
  try {
    await mkdir(source.folder, { recursive: true, mode: 0o700 });
    await using file = await open(path, "wx", 0o600);
    await file.writeFile(`${secret.reveal().toString("base64")}\n`);
    await file.sync();
  } catch (cause) {
    throw new Fault("config.invalid", `audit: cannot keep the key of the chain in ${path}`, {
      cause,
    });
  }
  return new ChainKey(secret);
}
