/** For tests of tools: a store with a bucket, and a gateway in one process before it, so that there are objects that were really sealed. */
import { join } from "node:path";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { sealObject } from "@s3eg/shared/contracts/crypto.ts";
import { bodyOfBytes } from "@s3eg/shared/http/body.ts";
import { LocalTransfers } from "@s3eg/shared/http/local-transfer.ts";
import { Health } from "@s3eg/shared/runtime/health.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import type { z } from "zod";
import { startCrypto } from "../../../crypto/src/main.ts";
import { startDevStore } from "../../../dev-store/src/main.ts";
import { configuredCustodian } from "../../../keys/src/custody/configured-custodian.ts";
import { configuredLegacy } from "../../../keys/src/legacy/configured-legacy.ts";
import { startKeys } from "../../../keys/src/main.ts";
import { type Env, readGatewayConfig } from "../../src/gateway-config.ts";
import { openBackend } from "../../src/wiring/backends.ts";
import { COMPLETE, KeptLog } from "../environment.ts";

/** The bucket that is there. */
export const BOX = "box";

/** A store, and what seals into it. */
export interface SealedStore extends AsyncDisposable {
  /** Settings that lead to the store and hold the key. */
  readonly env: Env;
  seal(key: string, text: string, suite?: 1 | 2): Promise<void>;
  /** The same, with sealed metadata. */
  sealHidden(key: string, text: string, metadata: Readonly<Record<string, string>>): Promise<void>;
  /** Puts bytes as they are. */
  putPlain(key: string, text: string): Promise<void>;
  /** Sets headers of what is stored, as whoever holds the disk could. */
  changeHeaders(key: string, headers: Readonly<Record<string, string>>): Promise<void>;
  /** The stored bytes and headers. */
  stored(key: string): Promise<{ bytes: Buffer; headers: Readonly<Record<string, string>> }>;
}

/** Starts all of it in a folder. */
export async function sealedStore(folder: string): Promise<SealedStore> {
  await using held = new AsyncDisposableStack();
  const log = new KeptLog();
  const credentials = [{ accessKey: "A", secretKey: new Secret("S") }];
  const at = { folder: join(folder, "store"), host: "127.0.0.1", port: 0 };
  const store = held.use(await startDevStore({ ...at, credentials, log }));
  const env = { ...COMPLETE, BACKEND_ENDPOINT: store.endpoint.origin, DATA_DIR: folder };
  const { config } = readGatewayConfig(["edge", "crypto", "keys"], env);
  const backend = held.use(openBackend(config.backend, { identities: [], log }));
  const parts = { config: config.encryption, env, folder: join(folder, "keys"), log };
  const custodian = held.use(await configuredCustodian(parts));
  const legacy = await configuredLegacy(parts, { custodians: custodian, acceptsForgeable: false });
  const bus = new MemoryBus({ log });
  const metrics = createMetrics();
  const health = new Health({ version: "0", log });
  const keys = { custodian, legacy, folder: parts.folder, bus, guards: undefined };
  await startKeys({ ...keys, log, metrics, health });
  const transfers = new LocalTransfers({ log });
  const reading = { acceptsForgeable: false, contentTypes: [] };
  held.use(
    startCrypto({ bus, transfers, backend, log, metrics, session: undefined, legacy: reading }),
  );
  const send = async (method: "PUT" | "GET", key?: string, text?: string) =>
    await backend.send({
      method,
      bucket: BOX,
      requestId: "r",
      ...(key === undefined ? {} : { key }),
      ...(text === undefined ? {} : { body: Buffer.from(text) }),
    });
  await (await send("PUT")).text();
  const own = held.move();
  const upload = async (
    key: string,
    text: string,
    how: Pick<z.infer<typeof sealObject.head>, "suite" | "headers" | "sealsMetadata">,
  ) => {
    const bytes = Buffer.from(text);
    const target = { bucket: BOX, key };
    const head = { target, place: target, size: bytes.byteLength, ...how };
    const sending = { head, body: bodyOfBytes(bytes), tail: () => ({}) };
    await transfers.upload(sealObject, sending, { requestId: "r" });
  };
  return {
    env,
    seal: async (key, text, suite = 1) => await upload(key, text, { suite, headers: {} }),
    sealHidden: async (key, text, metadata) =>
      await upload(key, text, { suite: 1, headers: { ...metadata }, sealsMetadata: true }),
    putPlain: async (key, text) => void (await (await send("PUT", key, text)).text()),
    changeHeaders: (key, metadata) => store.overwriteStored(BOX, key, { metadata }),
    async stored(key) {
      const { body, headers } = await send("GET", key);
      const pieces: Buffer[] = [];
      await body.pump((piece) => void pieces.push(Buffer.from(piece)));
      return { bytes: Buffer.concat(pieces), headers };
    },
    [Symbol.asyncDispose]: () => own.disposeAsync(),
  };
}
