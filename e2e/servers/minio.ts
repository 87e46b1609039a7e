/** MinIO: the most faithful of the small S3 servers, and the one whose conditional writes are atomic. */
import { join } from "node:path";
import { answersHttp, type Child, runToEnd, startChild, untilReady } from "./child.ts";
import { findProgram, freePort, makeScratch } from "./place.ts";
import { orTakeDown, type S3Keys, type S3Server, takeDown } from "./s3-server.ts";

const KEYS = { accessKey: "minio-access", secretKey: "minio-secret-key" };

/** Settings of a MinIO. */
export interface MinioOptions {
  /** Users beside the root one, who may do everything S3 has; made with `mc`. */
  readonly users?: readonly S3Keys[];
}

/** Starts a single-folder MinIO on loopback. */
export async function startMinio({ users = [] }: MinioOptions = {}): Promise<S3Server> {
  const program = findProgram("minio", "minio");
  const scratch = await makeScratch("minio");
  const children: Child[] = [];
  const folder = join(scratch.folder, "data");
  return await orTakeDown(children, scratch, async () => {
    const port = await freePort();
    const endpoint = `http://127.0.0.1:${port}`;
    const child = await startChild({
      program,
      args: ["server", "--address", `127.0.0.1:${port}`, folder],
      env: {
        HOME: scratch.folder,
        MINIO_ROOT_USER: KEYS.accessKey,
        MINIO_ROOT_PASSWORD: KEYS.secretKey,
        MINIO_BROWSER: "off",
      },
    });
    children.push(child);
    await untilReady("minio", children, {
      probe: () => answersHttp(`${endpoint}/minio/health/live`, 200),
    });
    for (const user of users) await createUser(scratch.folder, endpoint, user);
    return {
      ...KEYS,
      name: "minio",
      endpoint,
      region: "us-east-1",
      pids: [child.pid],
      folder,
      [Symbol.asyncDispose]: () => takeDown(children, scratch),
    };
  });
}

async function createUser(folder: string, endpoint: string, user: S3Keys): Promise<void> {
  const { accessKey, secretKey } = KEYS;
  const mc = (...args: string[]) =>
    runToEnd({
      program: findProgram("mc", "mc"),
      args: ["--config-dir", join(folder, "mc"), "--quiet", "admin", ...args],
      env: { MC_HOST_e2e: endpoint.replace("http://", `http://${accessKey}:${secretKey}@`) },
    });
  await mc("user", "add", "e2e", user.accessKey, user.secretKey);
  await mc("policy", "attach", "e2e", "readwrite", "--user", user.accessKey);
}
