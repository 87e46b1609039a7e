/** Small files that audit keeps beside the trail. */
import { readFile } from "node:fs/promises";
import { Fault } from "@s3eg/shared/faults.ts";

/** The content of a file; undefined where there is none. `config.invalid` where it cannot be read. */
export async function readKept(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw new Fault("config.invalid", `audit: cannot read ${path}`, { cause });
  }
}
