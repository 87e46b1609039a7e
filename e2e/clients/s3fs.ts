/** s3fs: a bucket mounted as a file system. Needs FUSE: where it can't mount, opening fails and says so. */
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { startChild, untilReady } from "../servers/child.ts";
import { findProgram } from "../servers/place.ts";
import type { MatrixClient, Site } from "./matrix/operations.ts";
import { runTool } from "./matrix/tool.ts";
import { operationsOf, remarksOf, type Verbs } from "./matrix/verbs.ts";

/** The client of the matrix. */
export const s3fs: MatrixClient = {
  name: "s3fs",
  async open(site) {
    const program = findProgram("s3fs", "s3fs");
    const printed = await runTool(program, ["--version"]);
    const mounted = await mount(site);
    const verbs = verbsOf(mounted.folder);
    return {
      version: /V([\d.]+)/.exec(printed)?.[1] ?? "",
      operations: operationsOf(site, verbs),
      remarks: { ...remarksOf(verbs), copy: "s3fs copies on the server where a file is renamed" },
      [Symbol.asyncDispose]: () => mounted[Symbol.asyncDispose](),
    };
  },
};

interface Mounted extends AsyncDisposable {
  readonly folder: string;
}

async function mount({ server, caFile, bucket, folder }: Site): Promise<Mounted> {
  const mountPoint = join(folder, "mounted");
  const passwords = join(folder, "s3fs-passwords");
  await mkdir(mountPoint);
  await writeFile(passwords, `${server.accessKey}:${server.secretKey}\n`, { mode: 0o600 });
  const options = [
    `url=${server.endpoint}`,
    `endpoint=${server.region}`,
    `passwd_file=${passwords}`,
    "use_path_request_style",
    "retries=1",
  ];
  const child = await startChild({
    program: findProgram("s3fs", "s3fs"),
    args: [bucket, mountPoint, "-f", "-o", options.join(",")],
    env: { LC_ALL: "C.UTF-8", ...(caFile === undefined ? {} : { CURL_CA_BUNDLE: caFile }) },
  });
  try {
    const isMounted = async () =>
      (await readFile("/proc/self/mounts", "utf8")).includes(` ${mountPoint} fuse.s3fs `);
    await untilReady("s3fs", [child], { probe: isMounted });
  } catch (error) {
    await child.stop();
    throw new Error("s3fs could not mount: is there FUSE?", { cause: error });
  }
  return {
    folder: mountPoint,
    async [Symbol.asyncDispose]() {
      await runTool(findProgram("fusermount", "s3fs"), ["-u", mountPoint]);
      await child.stop();
    },
  };
}

function verbsOf(root: string): Verbs {
  const put = async (file: string, key: string): Promise<void> => {
    await mkdir(dirname(join(root, key)), { recursive: true });
    await copyFile(file, join(root, key));
  };
  return {
    upload: put,
    download: (key, file) => copyFile(join(root, key), file),
    async list(prefix) {
      const sizes = new Map<string, number>();
      const folder = join(root, prefix);
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const file = join(entry.parentPath, entry.name);
        sizes.set(relative(root, file), (await stat(file)).size);
      }
      return sizes;
    },
    async copy(from, to) {
      await put(join(root, from), "to be renamed");
      await mkdir(dirname(join(root, to)), { recursive: true });
      await rename(join(root, "to be renamed"), join(root, to));
    },
    remove: (key) => rm(join(root, key)),
    presign: "a file system: it makes no URLs",
  };
}
