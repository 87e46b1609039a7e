/** Keys and crypto without a gateway around them: opens single objects for the tools, with every check that a client's GET has. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Backend, HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { type ByteRange, type Contents, openObject } from "@s3eg/shared/contracts/crypto.ts";
import type { Body } from "@s3eg/shared/http/body.ts";
import { LocalTransfers } from "@s3eg/shared/http/local-transfer.ts";
import { Health } from "@s3eg/shared/runtime/health.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { fipsSelfTest } from "@s3eg/shared/sealing/fips.ts";
import { startCrypto } from "../../../crypto/src/main.ts";
import { configuredCustodian } from "../../../keys/src/custody/configured-custodian.ts";
import type { ExportedKey } from "../../../keys/src/custody/exported-key.ts";
import { configuredLegacy } from "../../../keys/src/legacy/configured-legacy.ts";
import { startKeys } from "../../../keys/src/main.ts";
import type { Env, GatewayConfig } from "../gateway-config.ts";
import { VERSION } from "../version.ts";
import { legacyOptionsOf } from "./legacy-options.ts";

/** An object to be opened. */
interface Wanted {
  readonly bucket: string;
  readonly key: string;
  /** The policy's name for the bucket (`bind_as`). */
  readonly boundTo: string;
  readonly contents: Contents;
  readonly range?: ByteRange;
}

/** Opens objects of a backend. */
export interface Opener extends AsyncDisposable {
  /** Faults as a client's GET has them before the first byte; after it the body rejects. The caller pumps or destroys it. */
  open(wanted: Wanted): Promise<{ size: number; headers: HeaderFields; body: Body }>;
}

/** What an opener is started with. */
interface OpenerParts {
  readonly config: GatewayConfig;
  readonly env: Env;
  readonly log: Log;
  /** A key that was taken out of its key store. */
  readonly exportedKey?: ExportedKey | undefined;
}

/** Starts on the configured keys; `config.invalid` where they are not good, `keys.unavailable` where the active key store is away. */
export async function startOpener(
  { config, env, log, exportedKey }: OpenerParts,
  backend: Backend,
): Promise<Opener> {
  await using held = new AsyncDisposableStack();
  // Canaries and epochs of a tool that only reads are nobody's: they go when it ends.
  const folder = await mkdtemp(join(tmpdir(), "s3eg-opener-"));
  held.defer(() => rm(folder, { recursive: true, force: true }));
  const parts = { config: config.encryption, env, folder, log };
  const custodian = held.use(await configuredCustodian(parts, exportedKey ? [exportedKey] : []));
  const legacy = await configuredLegacy(parts, {
    custodians: custodian,
    acceptsForgeable: config.legacy.accept_forgeable,
  });
  const bus = new MemoryBus({ log });
  held.defer(() => bus.drain());
  const metrics = createMetrics();
  const health = new Health({ version: VERSION, log });
  await startKeys({ custodian, legacy, folder, bus, guards: undefined, log, metrics, health });
  const transfers = new LocalTransfers({ log });
  if (config.encryption.fips) fipsSelfTest();
  const rooms = { bus, transfers, backend, log, metrics, session: undefined };
  held.use(startCrypto({ ...rooms, legacy: legacyOptionsOf(config) }));
  const parted = held.move();
  return {
    async open({ bucket, key, boundTo, contents, range }) {
      const { result, body } = await transfers.download(
        openObject,
        {
          target: { bucket, key },
          place: { bucket: boundTo, key },
          contents,
          headers: {},
          query: [],
          ...(range ? { range } : {}),
        },
        { requestId: "tool" },
      );
      return { size: result.size, headers: result.headers, body };
    },
    [Symbol.asyncDispose]: () => parted.disposeAsync(),
  };
}
