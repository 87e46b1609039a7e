/** nats-server with JetStream, plain or with mutual TLS, with a configuration of the caller's own if given. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { answersHttp, type Child, startChild, untilReady } from "./child.ts";
import { findProgram, freePort, makeScratch } from "./place.ts";
import { orTakeDown, takeDown } from "./s3-server.ts";

/** Files of a TLS server that asks for client certificates (see test-pki.ts). */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
}

/** A running NATS server on loopback. */
export interface NatsServer extends AsyncDisposable {
  /** `nats://127.0.0.1:PORT`, or `tls://localhost:PORT` with TLS. */
  readonly url: string;
  /** `http://127.0.0.1:PORT`: /healthz, /jsz, /connz. */
  readonly monitorUrl: string;
  readonly pids: readonly number[];
  /** On the same port, with what lay on its disk. */
  killAndStartAgain(): Promise<void>;
}

/** Starts a NATS server. `configText` is appended to the generated configuration (accounts, authorization, limits). */
export async function startNats(
  options: { tls?: TlsFiles; configText?: string } = {},
): Promise<NatsServer> {
  const program = findProgram("nats-server", "nats");
  const scratch = await makeScratch("nats");
  const children: Child[] = [];
  return await orTakeDown(children, scratch, async () => {
    const [port, monitorPort] = [await freePort(), await freePort()];
    const configFile = join(scratch.folder, "nats.conf");
    await writeFile(
      configFile,
      [
        `host: "127.0.0.1"`,
        `port: ${port}`,
        `http: "127.0.0.1:${monitorPort}"`,
        `jetstream { store_dir: "${scratch.folder}", max_memory_store: 64MB, max_file_store: 256MB }`,
        options.tls === undefined ? "" : tlsSection(options.tls),
        options.configText ?? "",
      ].join("\n"),
    );
    const monitorUrl = `http://127.0.0.1:${monitorPort}`;
    const start = async () => {
      const child = await startChild({ program, args: ["-c", configFile] });
      children.push(child);
      const probe = () => answersHttp(`${monitorUrl}/healthz`, 200);
      await untilReady("nats-server", [child], { probe });
      return child;
    };
    let child = await start();
    return {
      url: options.tls === undefined ? `nats://127.0.0.1:${port}` : `tls://localhost:${port}`,
      monitorUrl,
      pids: [child.pid],
      async killAndStartAgain() {
        process.kill(child.pid, "SIGKILL");
        await child.exited;
        child = await start();
      },
      [Symbol.asyncDispose]: () => takeDown(children, scratch),
    };
  });
}

function tlsSection({ certFile, keyFile, caFile }: TlsFiles): string {
  return `tls { cert_file: "${certFile}", key_file: "${keyFile}", ca_file: "${caFile}", verify: true, timeout: 3 }`;
}
