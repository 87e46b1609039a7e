/** The head of the chain: how far it has come, kept apart from the lines, so that lines gone from the end are missed. */
import { open, rename } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@s3eg/shared/faults.ts";
import type { Link } from "./chain.ts";
import type { ChainKey } from "./chain-key.ts";
import { readKept } from "./kept-file.ts";

const FILE = "head.json";
const WRITTEN = /^(\{"seq":(\d{1,16}),"mac":"([0-9a-f]{64})"),"sig":"([0-9a-f]{64})"\}\n$/;

/** The head kept in a folder; undefined where there is none. `config.invalid` if it is not as it was written, or not under this key. */
export async function readHead(folder: string, key: ChainKey): Promise<Link | undefined> {
  const path = join(folder, FILE);
  const text = (await readKept(path))?.toString("latin1");
  if (text === undefined) return undefined;
  const [, covered = "", seq = "", mac = "", sig] = WRITTEN.exec(text) ?? [];
  if (sig === undefined || key.ofHead(covered) !== sig) {
    throw new Fault(
      "config.invalid",
      `audit: ${path} does not verify: it was changed, or the key of the chain was`,
    );
  }
  return { seq: Number(seq), mac };
}

/** Replaces the head in one step; resolves when it is on disk. */
export async function writeHead(folder: string, key: ChainKey, { seq, mac }: Link): Promise<void> {
  const covered = `{"seq":${seq},"mac":"${mac}"`;
  const path = join(folder, FILE);
  {
    await using file = await open(`${path}.new`, "w", 0o600);
    await file.writeFile(`${covered},"sig":"${key.ofHead(covered)}"}\n`);
    await file.datasync();
  }
  await rename(`${path}.new`, path);
}
