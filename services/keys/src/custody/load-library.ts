/** Libraries of key stores that few need: imported only where one is configured, and not everywhere installed. */
import { Fault } from "@s3eg/shared/faults.ts";

/** What `load` imports; `config.invalid`, with the settings that want it, where the package is not installed or can't be loaded. */
export async function loadLibrary<Library>(
  load: () => Promise<Library>,
  { name, section }: { name: string; section: string },
): Promise<Library> {
  try {
    return await load();
  } catch (cause) {
    const problem = `needs the package ${name}, which can't be loaded here`;
    throw new Fault("config.invalid", `${section}: ${problem}`, { cause });
  }
}
