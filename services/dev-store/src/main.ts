/** The dev-store: wire, start, stop. */
import { once } from "node:events";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import { prepareChecksums } from "@s3eg/shared/s3/checksums.ts";
import { checkConfig, type DevStoreConfig } from "./config.ts";
import { FaultSwitch } from "./fault-switch.ts";
import { createS3Server } from "./server.ts";
import { lockFolder } from "./store/folder-lock.ts";
import { Store } from "./store/store.ts";
import {
  overwriteStored,
  readStored,
  type StoredObject,
  type Tampering,
} from "./stored-objects.ts";

/** A running dev-store. What was stored stays in its folder. */
export interface DevStore extends AsyncDisposable {
  readonly endpoint: URL;
  readonly faults: FaultSwitch;
  readStored(bucket: string, key: string): Promise<StoredObject>;
  overwriteStored(bucket: string, key: string, tampering: Tampering): Promise<void>;
}

/** Starts a demo S3 server on a folder. Throws `config.invalid` for any address that is not loopback and for NODE_ENV=production. */
export async function startDevStore(
  options: DevStoreConfig & { log: Log; faults?: FaultSwitch; now?: () => Date },
): Promise<DevStore> {
  const { folder, host, port, credentials } = checkConfig(options);
  const { log, faults = new FaultSwitch(), now = () => new Date() } = options;
  await using held = new AsyncDisposableStack();
  held.use(await lockFolder(folder));
  const store = await Store.open(folder, now);
  const secrets = new Map(credentials.map(({ accessKey, secretKey }) => [accessKey, secretKey]));
  const rooms = { store, createDigest: await prepareChecksums(), now };
  const server = createS3Server({ rooms, findSecret: (key) => secrets.get(key), faults, log });
  server.listen(port, host);
  await once(server, "listening");
  held.defer(async () => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  });
  const address = server.address();
  const listening = typeof address === "object" && address ? address.port : port;
  const endpoint = new URL(`http://${host.includes(":") ? `[${host}]` : host}:${listening}`);
  log.warn(
    { endpoint: endpoint.href, folder },
    "DEMO STORE: for trying out and for tests, never for data that matters",
  );
  const parts = held.move();
  return {
    endpoint,
    faults,
    readStored: (bucket, key) => readStored(store, bucket, key),
    overwriteStored: (bucket, key, tampering) => overwriteStored(store, { bucket, key }, tampering),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}
