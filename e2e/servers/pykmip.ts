/** PyKMIP: a KMIP server of versions 1.0 to 2.0, binary over TLS with client certificates. */
import { mkdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { type Child, startChild, untilReady } from "./child.ts";
import { findProgram, freePort, makeScratch } from "./place.ts";
import { descendants } from "./proc.ts";
import { orTakeDown, takeDown } from "./s3-server.ts";
import type { TestPki } from "./test-pki.ts";

/** A running PyKMIP on loopback. */
export interface Pykmip extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly endpoint: string;
  readonly port: number;
  /** Of its processes: they are stopped and continued together. */
  readonly pids: readonly number[];
}

/** Starts one that holds no key. Who shows the client certificate of `pki` is its user. */
export async function startPykmip(pki: TestPki): Promise<Pykmip> {
  const program = findProgram("pykmip-server", "pykmip");
  const scratch = await makeScratch("pykmip");
  const children: Child[] = [];
  return await orTakeDown(children, scratch, async () => {
    const port = await freePort();
    const at = (name: string) => join(scratch.folder, name);
    await mkdir(at("policy"));
    const settings = {
      hostname: "127.0.0.1",
      port,
      certificate_path: pki.server.cert,
      key_path: pki.server.key,
      ca_path: pki.ca,
      auth_suite: "TLS1.2",
      policy_path: at("policy"),
      enable_tls_client_auth: "True",
      logging_level: "INFO",
      database_path: at("pykmip.db"),
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
    await writeFile(at("server.conf"), ["[server]", ...lines, ""].join("\n"));
    const child = await startChild({
      program,
      args: ["-f", at("server.conf"), "-l", at("server.log")],
      env: { HOME: scratch.folder },
    });
    children.push(child);
    await untilReady("pykmip-server", children, { probe: () => isListening(port) });
    const pids = [child.pid, ...(await descendants(child.pid))];
    return {
      endpoint: `127.0.0.1:${port}`,
      port,
      pids,
      async [Symbol.asyncDispose]() {
        // Asked to end, it takes up to ten seconds, and leaves the others behind when it is killed.
        for (const pid of pids.toReversed()) killIfThere(pid);
        await takeDown(children, scratch);
      },
    };
  });
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

async function isListening(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
