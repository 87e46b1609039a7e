/** Where a test server lives: its program, a free loopback port, a folder of its own. */
import { randomInt } from "node:crypto";
import { accessSync, constants } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** Names that `install.sh` knows. */
export type InstallName =
  | "versitygw"
  | "minio"
  | "nats"
  | "redis"
  | "radosgw"
  | "python"
  | "openbao"
  | "pykmip"
  | "cosmian"
  | "moto"
  | "softhsm"
  | "schemathesis"
  | "postgres"
  | "barman"
  | "pgbackrest"
  | "restic"
  | "registry"
  | "mc"
  | "prometheus"
  | "chromium"
  | "jaeger"
  | "helm"
  | "kubeconform"
  | "kube-apiserver"
  | "aws"
  | "s3cmd"
  | "rclone"
  | "s3fs"
  | "s5cmd"
  | "containers"
  | "compose"
  | "dclint"
  | "lints";

/** Debian keeps the programs of each version of PostgreSQL apart. */
const POSTGRES_FOLDER = "/usr/lib/postgresql/15/bin";

/**
 * Full path of a program on PATH, in Go's bin folder, in sbin or of PostgreSQL. Throws an error that names the install command when it is
 * missing.
 */
export function findProgram(program: string, installName: InstallName): string {
  const { PATH = "", HOME = "/root", GOPATH } = process.env;
  const goFolder = join(GOPATH ?? join(HOME, "go"), "bin");
  const folders = [...PATH.split(delimiter), goFolder, "/usr/sbin", POSTGRES_FOLDER];
  const found = folders.map((folder) => join(folder, program)).find(isExecutable);
  if (found === undefined) {
    throw new Error(`${program} is not installed: run e2e/servers/install.sh ${installName}`);
  }
  return found;
}

/** Below the ports that the system gives to outgoing connections (32768 on Linux): none of those takes a port before its server does. */
const PORTS = { first: 15_000, end: 32_000 };
const given = new Set<number>();

/** A TCP port that was free on 127.0.0.1 a moment ago, and that was not given to anybody else in this process. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS.first, PORTS.end);
    if (!given.has(port) && (await isFree(port))) {
      given.add(port);
      return port;
    }
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const listening = new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => resolve(true));
  });
  const isListening = await listening;
  if (isListening) await new Promise((resolve) => server.close(resolve));
  return isListening;
}

/** A folder of one server's own, removed with everything in it on dispose. */
export interface Scratch extends AsyncDisposable {
  readonly folder: string;
}

/** Makes a scratch folder under the system's temporary folder (or `parent`). */
export async function makeScratch(name: string, parent: string = tmpdir()): Promise<Scratch> {
  const folder = await mkdtemp(join(parent, `s3eg-${name}-`));
  return {
    folder,
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
