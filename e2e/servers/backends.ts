/** The real S3 servers by name, so that one suite can run over several. */
import { startMinio } from "./minio.ts";
import { startRadosgw } from "./radosgw.ts";
import type { S3Server } from "./s3-server.ts";
import { startVersitygw } from "./versitygw.ts";

const STARTERS: Readonly<Record<string, () => Promise<S3Server>>> = {
  versitygw: () => startVersitygw(),
  minio: () => startMinio(),
  radosgw: startRadosgw,
};

/** The servers that this run is for: E2E_BACKENDS (names separated by commas), by default versitygw, which starts at once. */
export const backendNames: readonly string[] = (process.env.E2E_BACKENDS ?? "versitygw").split(",");

/** Starts a server by name. */
export async function startBackend(name: string): Promise<S3Server> {
  const start = STARTERS[name];
  if (start === undefined) {
    throw new Error(`no backend ${name}: ${Object.keys(STARTERS).join(", ")}`);
  }
  return await start();
}
