/** Starts a backend that costs next to nothing (`sink-server.ts`): for tests of load. */
import { join } from "node:path";
import { answersHttp, startChild, untilReady } from "./child.ts";
import { freePort } from "./place.ts";
import type { S3Server } from "./s3-server.ts";

/** Starts it. */
export async function startSink(): Promise<S3Server> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const child = await startChild({
    program: process.execPath,
    args: [join(import.meta.dirname, "sink-server.ts"), String(port)],
  });
  await untilReady("sink", [child], { probe: () => answersHttp(`${endpoint}/`) });
  return {
    name: "sink",
    endpoint,
    region: "us-east-1",
    accessKey: "SINKACCESSKEY0000001",
    secretKey: "sink-secret-key",
    pids: [child.pid],
    [Symbol.asyncDispose]: child.stop,
  };
}
