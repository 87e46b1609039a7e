/**
 * The process of a PKCS#11 module. Calls of a module block, and one that hangs can be ended only with the process that it hangs in (a thread
 * stays, and keeps its process from ending): so it has a process of its own, started by module-host.ts, that does nothing else.
 */
import { Socket } from "node:net";
import { Fault } from "@s3eg/shared/faults.ts";
import { loadLibrary } from "../load-library.ts";
import type { Cryptoki } from "./cryptoki.ts";
import { serveToken } from "./token-server.ts";

/** Where the stream to keys is. */
const STREAM_FD = 3;

// Whoever stops keys from a terminal tells the whole group: keys drains first, and ends this process by closing the stream.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => undefined);

await serveToken(new Socket({ fd: STREAM_FD }), loadModule).catch(() => undefined);
// A module may have threads of its own that never end.
process.exit();

async function loadModule(path: string): Promise<Cryptoki> {
  const { default: library } = await loadLibrary(() => import("pkcs11js"), {
    name: "pkcs11js (npm rebuild pkcs11js --ignore-scripts=false builds it)",
    section: "encryption.key_manager.pkcs11",
  });
  const module = new library.PKCS11();
  try {
    module.load(path);
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : "").split("\n", 1);
    throw new Fault(
      "config.invalid",
      `encryption.key_manager.pkcs11.module: ${path} can't be loaded as a PKCS#11 module (${reason})`,
    );
  }
  return module;
}
