/** The project's own demo store as a process of its own. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Child, startChild, untilReady } from "./child.ts";
import { freePort, makeScratch } from "./place.ts";
import { orTakeDown, type S3Server, takeDown } from "./s3-server.ts";

const KEYS = { accessKey: "dev-access", secretKey: "dev-secret-key" };
const ROOT = join(import.meta.dirname, "..", "..");

/** Runs inside the child, from the repository's root: the store ends with its process. */
const SCRIPT = `
import { pathToFileURL } from "node:url";
const [, port, folder, accessKey, secretKey] = process.argv;
const load = (path) => import(pathToFileURL(path).href);
const { startDevStore } = await load("services/dev-store/src/main.ts");
const { Secret } = await load("shared/src/runtime/secret.ts");
const { createLog } = await load("shared/src/runtime/log.ts");
const credentials = [{ accessKey, secretKey: new Secret(secretKey) }];
const log = createLog({ service: "dev-store", level: "info" });
const store = await startDevStore({ folder, host: "127.0.0.1", port: Number(port), credentials, log });
process.on("SIGTERM", () => store[Symbol.asyncDispose]());
`;

/** Starts a dev-store on loopback, in a new folder. */
export async function startDevStoreProcess(): Promise<S3Server> {
  const scratch = await makeScratch("dev-store");
  const children: Child[] = [];
  return await orTakeDown(children, scratch, async () => {
    const folder = join(scratch.folder, "store");
    await mkdir(folder);
    const port = await freePort();
    const endpoint = `http://127.0.0.1:${port}`;
    const { accessKey, secretKey } = KEYS;
    const child = await startChild({
      program: process.execPath,
      args: ["--input-type=module", "-e", SCRIPT, "--", `${port}`, folder, accessKey, secretKey],
      cwd: ROOT,
    });
    children.push(child);
    await untilReady("dev-store", children, {
      probe: async () => (await fetch(endpoint)).status === 403,
    });
    return {
      ...KEYS,
      name: "dev-store",
      endpoint,
      region: "us-east-1",
      pids: [child.pid],
      folder,
      [Symbol.asyncDispose]: () => takeDown(children, scratch),
    };
  });
}
