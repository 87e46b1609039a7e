/** MinIO: the most faithful of the small S3 servers, and the one whose conditional writes are atomic. */
import { answersHttp, type Child, startChild, untilReady } from "./child.ts";
import { findProgram, freePort, makeScratch } from "./place.ts";
import { orTakeDown, type S3Server, takeDown } from "./s3-server.ts";

const KEYS = { accessKey: "minio-access", secretKey: "minio-secret-key" };

/** Starts a single-folder MinIO on loopback. */
export async function startMinio(): Promise<S3Server> {
  const program = findProgram("minio", "minio");
  const scratch = await makeScratch("minio");
  const children: Child[] = [];
  return await orTakeDown(children, scratch, async () => {
    const port = await freePort();
    const endpoint = `http://127.0.0.1:${port}`;
    const child = await startChild({
      program,
      args: ["server", "--address", `127.0.0.1:${port}`, scratch.folder],
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
    return {
      ...KEYS,
      name: "minio",
      endpoint,
      region: "us-east-1",
      pids: [child.pid],
      [Symbol.asyncDispose]: () => takeDown(children, scratch),
    };
  });
}
