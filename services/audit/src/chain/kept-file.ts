/** Small files that audit keeps beside the trail. */
import { readFile } from "node:fs/promises";
import { Fault } from "@s3eg/shared/faults.ts";
import { errorCodeOf } from "@s3eg/shared/runtime/error-code.ts";

/** The content of a file; undefined where there is none. `config.invalid` where it cannot be read. */
export async function readKept(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (errorCodeOf(cause) === "ENOENT") return undefined;
    throw new Fault("config.invalid", `audit: cannot read ${path}`, { cause });
  }
}
