/**
 * docker-compose.yml started by Compose through podman's Docker socket (podman 4.3 with runc: not dockerd). The gateway's image is
 * deploy/Dockerfile on a stand-in for its base, the others are stand-ins made of packages (stand-ins.Dockerfile).
 */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { buildImage, keepCheckingHealth, openPodman, type Podman } from "../containers/podman.ts";
import { runToEnd } from "../servers/child.ts";
import { findProgram } from "../servers/place.ts";
import { type ComposeProject, makeProject } from "./project.ts";

const MAKE_STAND_INS = join(import.meta.dirname, "make-stand-ins.sh");
const STAND_INS = { nats: "nats", valkey: "valkey", backend: "rustfs", demo: "aws-cli" };
const HEALTHY_MS = 180_000;

/** Containers of the gateway, without the project's name. */
export const GATEWAY = ["edge-1", "crypto-1", "crypto-2", "keys-1", "audit-1", "admin-1"];

/** A project whose images are there; nothing of it runs yet. Disposed, all of it is gone but its images. */
export interface ComposeSite extends AsyncDisposable {
  readonly podman: Podman;
  readonly project: ComposeProject;
  /** Runs Compose on the site's host, and returns what it prints. Throws with it where Compose does not end with 0. */
  compose(args: readonly string[]): Promise<string>;
  /** A container's full name. */
  container(name: string): string;
  /** A field of podman's `.State`, such as `Health.Status`. */
  stateOf(name: string, field: string): Promise<string>;
  /** Throws with the last lines of all logs where one is not healthy within three minutes. */
  untilHealthy(names: readonly string[]): Promise<void>;
  /** Has the demo client put an object and read it back. */
  demo(): Promise<string>;
  /** Types a script into a shell in the project's folder, in which `docker compose` is Compose on the site's host. */
  type(script: string): Promise<string>;
}

/** Builds what `services` and the gateway need: a target of stand-ins.Dockerfile by service, beside those that the gateway always needs. */
export async function openSite(
  services: Readonly<Record<string, string>> = {},
): Promise<ComposeSite> {
  await using things = new AsyncDisposableStack();
  findProgram("nats-server", "nats");
  findProgram("versitygw", "versitygw");
  findProgram("bao", "openbao");
  const podman = await openPodman();
  const project = things.use(await makeProject());
  await buildImages(podman, project, { ...STAND_INS, ...services });
  const host = `unix://${join(project.folder, "docker.sock")}`;
  things.use(await podman.start(["system", "service", "--time=0", host]));
  things.use(keepCheckingHealth(podman));
  const compose = (args: readonly string[]) => project.compose(args, host);
  things.defer(async () => {
    const all = ["--profile", "*"];
    await compose([...all, "down", "-v", "--timeout", "5"]);
  });
  const container = (name: string) => `${project.name}-${name}`;
  const stateOf = async (name: string, field: string) =>
    (await podman.run(["inspect", "--format", `{{.State.${field}}}`, container(name)])).trim();
  const kept = things.move();
  return {
    ...{ podman, project, compose, container, stateOf },
    untilHealthy: async (names) => {
      const deadline = Date.now() + HEALTHY_MS;
      for (const name of names) {
        while ((await stateOf(name, "Health.Status")) !== "healthy") {
          if (Date.now() > deadline)
            assert.fail(`${name}: ${await compose(["logs", "--tail", "20"])}`);
          await sleep(500);
        }
      }
    },
    demo: () => compose(["run", "--rm", "--no-deps", "demo"]),
    type: (script) => typed(script, project, host),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function buildImages(
  podman: Podman,
  project: ComposeProject,
  targets: Readonly<Record<string, string>>,
): Promise<void> {
  const services = await project.services();
  await buildImage(podman, services.edge?.image ?? "", { options: ["--layers"] });
  const images = Object.entries(targets).map(
    ([service, target]) => `${target}=${services[service]?.image}`,
  );
  await runToEnd({ program: MAKE_STAND_INS, args: [podman.store, ...images], inheritsEnv: true });
}

/**
 * Podman tells Compose another id of a network than it gave it, for which Compose makes a container anew whenever it meets it: it is kept to those that
 * a command names.
 */
const docker = (program: string) => `#!/bin/sh
[ "$1" = compose ] || exit 64
shift
for word do
  shift
  set -- "$@" "$word"
  case $word in up | run) set -- "$@" --no-deps ;; esac
done
exec "${program}" "$@"
`;

async function typed(script: string, { folder, name }: ComposeProject, host: string) {
  const bin = join(folder, "bin");
  await mkdir(bin, { recursive: true });
  const program = findProgram("docker-compose", "compose");
  await writeFile(join(bin, "docker"), docker(program), { mode: 0o755 });
  const path = `${bin}:${process.env.PATH}`;
  const env = { PATH: path, DOCKER_HOST: host, COMPOSE_PROJECT_NAME: name };
  return await runToEnd({ program: "sh", args: ["-ec", script], cwd: folder, env });
}
