/** docker-compose.yml as somebody has it who starts it: a copy with settings and secrets of its own, and Compose to read and run it. */
import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runToEnd } from "../servers/child.ts";
import { findProgram, freePort, makeScratch } from "../servers/place.ts";

const ROOT = join(import.meta.dirname, "../..");
const COPIED = [
  "docker-compose.yml",
  "deploy/compose",
  "deploy/nats",
  "deploy/prometheus",
  "deploy/grafana",
];

/** Every profile of the file. */
export const PROFILES = ["demo", "monitoring", "openbao", "cosmian"];

/** What is read of a service as Compose understands it. */
interface ComposeService {
  readonly image: string;
  readonly command?: readonly string[] | null;
  readonly volumes?: readonly { readonly target: string }[];
}

/** What Compose makes of the file. */
interface ComposeConfig {
  readonly services: Readonly<Record<string, ComposeService>>;
}

/** A copy of the file, its secrets made. */
export interface ComposeProject extends AsyncDisposable {
  readonly folder: string;
  readonly name: string;
  readonly ports: Readonly<Record<"s3" | "admin" | "prometheus" | "grafana", number>>;
  /** Runs `docker-compose`; `dockerHost` is needed by what talks to one. */
  compose(args: readonly string[], dockerHost?: string): Promise<string>;
  /** All services, those of profiles too. */
  services(): Promise<ComposeConfig["services"]>;
  /** A secret file. */
  secret(name: string): Promise<string>;
}

/** Makes one, with every secret new, as `deploy/compose/up.sh` does. */
export async function makeProject(): Promise<ComposeProject> {
  const program = findProgram("docker-compose", "compose");
  const scratch = await makeScratch("compose");
  const { folder } = scratch;
  for (const path of COPIED) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await cp(join(ROOT, path), join(folder, path), {
      recursive: true,
      filter: (source) => !source.startsWith(join(ROOT, "deploy/compose/secrets")),
    });
  }
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const ports = {
    s3: await freePort(),
    admin: await freePort(),
    prometheus: await freePort(),
    grafana: await freePort(),
  };
  await writeFile(join(folder, ".env"), await settings(ports));
  const env = { PATH: `${dirname(process.execPath)}:${process.env.PATH}` };
  await runToEnd({ program: join(folder, "deploy/compose/make-secrets.sh"), args: [], env });
  const name = `s3eg-e2e-${process.pid}`;
  const compose = (args: readonly string[], dockerHost?: string) =>
    runToEnd({
      program,
      args: ["-p", name, ...args],
      cwd: folder,
      ...(dockerHost ? { env: { DOCKER_HOST: dockerHost } } : {}),
    });
  return {
    ...{ folder, name, ports, compose },
    async services() {
      const file = join(folder, "config.json");
      const all = PROFILES.flatMap((profile) => ["--profile", profile]);
      await compose([...all, "config", "--format", "json", "--output", file]);
      const config = JSON.parse(await readFile(file, "utf8")) as ComposeConfig;
      return config.services;
    },
    secret: (file) => readFile(join(folder, "deploy/compose/secrets", file), "utf8"),
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  };
}

async function settings(ports: ComposeProject["ports"]): Promise<string> {
  const example = await readFile(join(ROOT, ".env.example"), "utf8");
  return example
    .replace(/^S3_PORT=.*$/m, `S3_PORT=${ports.s3}`)
    .replace(/^ADMIN_PORT=.*$/m, `ADMIN_PORT=${ports.admin}`)
    .replace(/^PROMETHEUS_PORT=.*$/m, `PROMETHEUS_PORT=${ports.prometheus}`)
    .replace(/^GRAFANA_PORT=.*$/m, `GRAFANA_PORT=${ports.grafana}`);
}
