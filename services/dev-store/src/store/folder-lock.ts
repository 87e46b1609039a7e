/** One process per folder: a second one would take the first one's unfinished files for leftovers. */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@s3eg/shared/faults.ts";
import { errorCodeOf } from "@s3eg/shared/runtime/error-code.ts";

/** Takes the folder; disposing gives it back. Throws `config.invalid` while another process has it. */
export async function lockFolder(folder: string): Promise<AsyncDisposable> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, "pid");
  if (!(await tryWrite(path))) {
    const pid = Number(await readFile(path, "utf8").catch(() => ""));
    if (isOther(pid)) {
      throw new Fault("config.invalid", `store folder is in use by process ${pid}`);
    }
    // Left behind by a process that was killed, or by this one's predecessor in a container.
    await writeFile(path, `${process.pid}`);
  }
  return {
    async [Symbol.asyncDispose]() {
      await rm(path, { force: true });
    },
  };
}

async function tryWrite(path: string): Promise<boolean> {
  try {
    await writeFile(path, `${process.pid}`, { flag: "wx" });
    return true;
  } catch (error) {
    if (errorCodeOf(error) === "EEXIST") return false;
    throw error;
  }
}

function isOther(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCodeOf(error) === "EPERM";
  }
}
