/** Files that settings name, such as those of TLS; what can't be read is refused in the name of its setting. */
import { readFile } from "node:fs/promises";
import { Fault } from "../faults.ts";
import { errorCodeOf } from "./error-code.ts";

/**
 * The contents of `files` (paths by their settings' names) in their order, undefined where no path is set. `config.invalid` with a line
 * for every file that can't be read; `section` is how they call the settings (`service.tls`).
 */
export async function readSettingFiles(
  section: string,
  files: Readonly<Record<string, string | undefined>>,
): Promise<(Buffer | undefined)[]> {
  const contents: (Buffer | undefined)[] = [];
  const problems: string[] = [];
  for (const [name, path] of Object.entries(files)) {
    try {
      contents.push(path === undefined ? undefined : await readFile(path));
    } catch (cause) {
      problems.push(unreadableFile(`${section}.${name}`, path ?? "", cause).message);
    }
  }
  if (problems.length > 0) throw new Fault("config.invalid", problems.join("\n"));
  return contents;
}

/** `config.invalid` for a file that can't be read: its setting, its path and what the system says, never what is in it. */
export function unreadableFile(setting: string, path: string, cause: unknown): Fault {
  const reason = errorCodeOf(cause) ?? "unknown";
  return new Fault("config.invalid", `${setting}: ${path} can't be read (${reason})`, { cause });
}
