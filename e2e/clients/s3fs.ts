/** s3fs: a bucket mounted as a file system. Needs FUSE: where it can't mount, opening fails and says so. */
import { existsSync } from "node:fs";
import {
  copyFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  writeFile,
} from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { startChild, untilReady } from "../servers/child.ts";
import { findProgram } from "../servers/place.ts";
import { sdkClientOf } from "./aws-sdk-js.ts";
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
    const hasFolders = await canMakeFolders(mounted.folder, site);
    const makeFolder = hasFolders ? undefined : folderMaker(site);
    const verbs = verbsOf(mounted.folder, makeFolder);
    return {
      version: /V([\d.]+)/.exec(printed)?.[1] ?? "",
      operations: operationsOf(site, verbs),
      remarks: {
        ...remarksOf(verbs),
        copy: "s3fs copies on the server where a file is renamed",
        ...(hasFolders ? {} : { upload: WITHOUT_FOLDERS }),
      },
      [Symbol.asyncDispose]: () => mounted[Symbol.asyncDispose](),
    };
  },
};

const WITHOUT_FOLDERS =
  "s3fs can't mkdir: versitygw wants folder objects without a byte, and an empty object that is sealed has some; the SDK made the folders";

/** Makes a folder with a file, so that it is there for s3fs; returns what removes that file. */
type FolderMaker = (key: string) => Promise<() => Promise<void>>;

async function canMakeFolders(root: string, { server }: Site): Promise<boolean> {
  const folder = join(root, "probe");
  try {
    await mkdir(folder);
    await rmdir(folder);
    return true;
  } catch (error) {
    if (server.name.includes("versitygw")) return false;
    throw error;
  }
}

function folderMaker(site: Site): FolderMaker {
  return async (key) => {
    const s3 = sdkClientOf(site);
    const at = { Bucket: site.bucket, Key: `${key}/placeholder` };
    await s3.send(new PutObjectCommand({ ...at, Body: "" }));
    return async () => {
      await s3.send(new DeleteObjectCommand(at));
      s3.destroy();
    };
  };
}

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
    // It looks for CURL_CA_BUNDLE only when a first try failed.
    "retries=3",
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

function verbsOf(root: string, makeFolder: FolderMaker | undefined): Verbs {
  /** Runs `write` once the folder of `key` is there. */
  const inFolder = async (key: string, write: () => Promise<void>): Promise<void> => {
    if (makeFolder === undefined) {
      await mkdir(dirname(join(root, key)), { recursive: true });
      await write();
      return;
    }
    const removePlaceholder = await makeFolder(dirname(key));
    await write();
    await removePlaceholder();
  };
  const put = (file: string, key: string) => inFolder(key, () => copyFile(file, join(root, key)));
  return {
    upload: put,
    download: (key, file) => copyFile(join(root, key), file),
    async list(prefix) {
      const sizes = new Map<string, number>();
      const folder = join(root, prefix);
      if (!existsSync(folder)) return sizes;
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const file = join(entry.parentPath, entry.name);
        sizes.set(relative(root, file), (await stat(file)).size);
      }
      return sizes;
    },
    async copy(from, to) {
      const renamed = join(root, "to be renamed");
      await copyFile(join(root, from), renamed);
      await inFolder(to, () => rename(renamed, join(root, to)));
    },
    remove: (key) => rm(join(root, key)),
    presign: "a file system: it makes no URLs",
  };
}
