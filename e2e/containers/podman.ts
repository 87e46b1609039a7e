/** Containers without a daemon: podman with runc on Debian 12, as root, its images in a folder of their own. */
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Child, runToEnd, startChild } from "../servers/child.ts";
import { findProgram } from "../servers/place.ts";

const BUILD = join(import.meta.dirname, "../image/build.sh");

/** Podman on one store of images, which is kept for the next run. */
export interface Podman {
  /** The folder, as `image/build.sh` takes it. */
  readonly store: string;
  /** Runs a command to its end and returns what it prints. */
  run(args: readonly string[]): Promise<string>;
  /** Starts one that stays. */
  start(args: readonly string[]): Promise<Child>;
}

/** podman asks for more open files than a machine may give; names between containers need netavark. */
const CONTAINERS_CONF = `[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
`;

/** The store is E2E_IMAGE_STORE, or a folder under the system's temporary one. */
export async function openPodman(): Promise<Podman> {
  const program = findProgram("podman", "containers");
  for (const other of ["buildah", "runc", "mmdebstrap"]) findProgram(other, "containers");
  const store = process.env.E2E_IMAGE_STORE ?? join(tmpdir(), "s3eg-images");
  await mkdir(store, { recursive: true });
  const conf = join(store, "containers.conf");
  const network = `[network]\nnetwork_backend = "netavark"\nnetwork_config_dir = "${join(store, "networks")}"\n`;
  await writeFile(conf, CONTAINERS_CONF + network);
  const storage = ["--root", join(store, "root"), "--runroot", join(store, "run")];
  const command = (args: readonly string[]) => ({
    program,
    args: [...storage, "--storage-driver", "overlay", ...args],
    env: { CONTAINERS_CONF: conf },
  });
  return {
    store,
    run: (args) => runToEnd(command(args)),
    start: (args) => startChild(command(args)),
  };
}

/** Sources of one commit, so that nobody changes them while they are built. */
export interface Sources {
  readonly context: string;
  readonly revision: string;
}

/** Builds deploy/Dockerfile on the stand-in for its base, and tags it. `options` are buildah's; without `sources` it is the tree as it lies here. */
export async function buildImage(
  { store }: Podman,
  tag: string,
  { options = [], sources }: { options?: readonly string[]; sources?: Sources } = {},
): Promise<void> {
  const env = sources ? { CONTEXT: sources.context, REVISION: sources.revision } : {};
  const args = [store, tag, ...options];
  await runToEnd({ program: BUILD, args, env, inheritsEnv: true });
}

/**
 * Runs the health checks of all containers again and again until it is disposed: podman leaves that to systemd, which is not
 * everywhere.
 */
export function keepCheckingHealth(podman: Podman): AsyncDisposable {
  const stop = new AbortController();
  const checking = (async () => {
    while (!stop.signal.aborted) {
      const names = await podman.run(["ps", "--format", "{{.Names}}"]).catch(() => "");
      for (const name of names.split("\n").filter(Boolean)) {
        // Its result is what `podman ps` shows.
        await podman.run(["healthcheck", "run", name]).catch(() => undefined);
      }
      await sleep(1000);
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await checking;
    },
  };
}
