/** Files in which a re-wrap keeps what outlives it, in DATA_DIR: JSON, each there as a whole or not at all. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Fault } from "@s3eg/shared/faults.ts";
import { errorCodeOf } from "@s3eg/shared/runtime/error-code.ts";
import { replaceFile } from "@s3eg/shared/runtime/replace-file.ts";
import type { z } from "zod";

/** The folder of all of them. */
export function rewrapFolder(dataDir: string): string {
  return join(dataDir, "rewrap");
}

/** Path of the file that is about `subject`; `suffix` says what it holds. */
export function keptPath(dataDir: string, subject: unknown, suffix: string): string {
  const name = createHash("sha256").update(JSON.stringify(subject)).digest("hex").slice(0, 24);
  return join(rewrapFolder(dataDir), `${name}${suffix}`);
}

/** What is kept there; undefined where nothing is. `input.invalid` for a damaged file, with `advice`. */
export function readKept<Kept>(
  path: string,
  schema: z.ZodType<Kept>,
  advice: string,
): Kept | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (errorCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Fault("input.invalid", `${path} is damaged: ${advice}`, { cause });
  }
}

/** Keeps it in place of what was there; on disk when it returns. */
export function writeKept(path: string, kept: unknown): void {
  replaceFile(path, `${JSON.stringify(kept)}\n`);
}
