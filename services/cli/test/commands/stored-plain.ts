/** A store with a bucket and an object that nobody sealed, and the settings of a gateway before it. */
import { join } from "node:path";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { startDevStore } from "../../../dev-store/src/main.ts";
import { type Env, readGatewayConfig } from "../../src/gateway-config.ts";
import { openBackend } from "../../src/wiring/backends.ts";
import { COMPLETE, KeptLog, scratchFolder } from "../environment.ts";

/** Starts it; the bucket is `box`, the object `plain`. */
export async function storedPlain(): Promise<{ env: Env } & AsyncDisposable> {
  await using held = new AsyncDisposableStack();
  const { folder } = held.use(await scratchFolder());
  const log = new KeptLog();
  const credentials = [{ accessKey: "A", secretKey: new Secret("S") }];
  const at = { folder: join(folder, "store"), host: "127.0.0.1", port: 0 };
  const store = held.use(await startDevStore({ ...at, credentials, log }));
  const data = { DATA_DIR: join(folder, "data") };
  const env = { ...COMPLETE, ...data, BACKEND_ENDPOINT: store.endpoint.origin };
  const { config } = readGatewayConfig(["edge", "crypto", "keys"], env);
  await using backend = openBackend(config.backend, { identities: [], log });
  const put = { method: "PUT", bucket: "box", requestId: "r" } as const;
  await (await backend.send(put)).text();
  await (await backend.send({ ...put, key: "plain", body: Buffer.from("plain") })).text();
  const all = held.move();
  return { env, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
