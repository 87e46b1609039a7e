/** The trail that the settings describe, for who verifies it. */
import { Fault } from "@s3eg/shared/faults.ts";
import type { AuditSection } from "../config.ts";
import { readChainKey } from "./chain-key.ts";
import { readHead } from "./head-file.ts";
import { type Expected, filesOfTrail, type TrailReport, verifyTrail } from "./verify-trail.ts";

/**
 * Verifies `files`, or those of `audit.sink.file_path`, with the key and the head of the process whose `folder` it is. Changes
 * nothing. `config.invalid` without a key, or where the head does not verify; `input.invalid` where no file is known.
 */
export async function verifyConfigured(
  trail: { readonly config: AuditSection; readonly folder: string },
  files: readonly string[],
  expected: Omit<Expected, "head">,
): Promise<TrailReport> {
  const { config, folder } = trail;
  const { chain_key: inline, chain_key_file: file } = config;
  const key = await readChainKey({ folder, inline, file });
  if (!key) throw new Fault("config.invalid", `there is no key of the chain in ${folder}`);
  const head = await readHead(folder, key);
  const read = files.length > 0 ? files : await filesConfigured(config.sink.file_path);
  return await verifyTrail(read, key, { ...expected, head });
}

async function filesConfigured(path: string | undefined): Promise<string[]> {
  if (path !== undefined) return await filesOfTrail(path);
  throw new Fault("input.invalid", "audit.sink.file_path is not set: name the files of the trail");
}
