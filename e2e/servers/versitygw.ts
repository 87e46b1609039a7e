/** versitygw: the small, strict S3 server on a folder. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { answersHttp, type Child, runToEnd, startChild, untilReady } from "./child.ts";
import { findProgram, freePort, makeScratch } from "./place.ts";
import { orTakeDown, type S3Keys, type S3Server, takeDown } from "./s3-server.ts";

const KEYS = { accessKey: "versity-access", secretKey: "versity-secret-key" };

/** Settings of a versitygw; `keepsAlive: false` makes it close every connection after its answer. */
export interface VersitygwOptions {
  readonly keepsAlive?: boolean;
  /** Parent of its folder; the file system must take user xattrs. */
  readonly parent?: string;
  /** Users beside the root one. All may make buckets; an admin may use those of others, whatever their policies say. */
  readonly users?: readonly (S3Keys & { readonly isAdmin?: boolean })[];
}

/** Starts a versitygw with versioning possible; `folder` holds one directory per bucket, objects as plain files. */
export async function startVersitygw(options: VersitygwOptions = {}): Promise<S3Server> {
  const program = findProgram("versitygw", "versitygw");
  const scratch = await makeScratch("versitygw", options.parent);
  const children: Child[] = [];
  return await orTakeDown(children, scratch, async () => {
    const store = join(scratch.folder, "data");
    const versions = join(scratch.folder, "ver");
    const iam = join(scratch.folder, "iam");
    for (const folder of [store, versions, iam]) await mkdir(folder);
    const port = await freePort();
    const endpoint = `http://127.0.0.1:${port}`;
    const { accessKey, secretKey } = KEYS;
    const child = await startChild({
      program,
      args: [
        ...["--port", `127.0.0.1:${port}`, "--access", accessKey, "--secret", secretKey],
        ...["--quiet", ...(options.keepsAlive === false ? [] : ["--keep-alive"])],
        ...["--iam-dir", iam, "posix", "--versioning-dir", versions, store],
      ],
    });
    children.push(child);
    await untilReady("versitygw", children, { probe: () => answersHttp(endpoint) });
    for (const user of options.users ?? []) await createUser(program, endpoint, user);
    return {
      ...KEYS,
      name: "versitygw",
      endpoint,
      region: "us-east-1",
      pids: [child.pid],
      folder: store,
      [Symbol.asyncDispose]: () => takeDown(children, scratch),
    };
  });
}

async function createUser(
  program: string,
  endpoint: string,
  user: S3Keys & { readonly isAdmin?: boolean },
): Promise<void> {
  const { accessKey, secretKey } = KEYS;
  await runToEnd({
    program,
    args: [
      ...["admin", "--access", accessKey, "--secret", secretKey, "--endpoint-url", endpoint],
      ...["create-user", "--access", user.accessKey, "--secret", user.secretKey],
      ...["--role", user.isAdmin ? "admin" : "userplus"],
    ],
  });
}
