/** Keys, crypto and the jobs on buckets without a gateway around them, on the settings and the DATA_DIR of a gateway that may run beside. */
import { join } from "node:path";
import { profileOf } from "@s3eg/shared/backend/profile.ts";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { LocalTransfers } from "@s3eg/shared/http/local-transfer.ts";
import { Health } from "@s3eg/shared/runtime/health.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { fipsSelfTest } from "@s3eg/shared/sealing/fips.ts";
import { startCrypto } from "../../../crypto/src/main.ts";
import type { BucketWalk, JobPage } from "../../../edge/src/jobs/bucket-walk.ts";
import { type InPlaceWish, replaceInBucket } from "../../../edge/src/jobs/configured-in-place.ts";
import { verifyBucket } from "../../../edge/src/jobs/configured-verify.ts";
import {
  type RewrapPage,
  type RewrapWish,
  rewrapBucket,
} from "../../../edge/src/rewrap/configured-rewrap.ts";
import { configuredCustodian } from "../../../keys/src/custody/configured-custodian.ts";
import { configuredLegacy } from "../../../keys/src/legacy/configured-legacy.ts";
import { startKeys } from "../../../keys/src/main.ts";
import { openEntrance } from "../entrance.ts";
import type { Env, GatewayConfig } from "../gateway-config.ts";
import type { Role } from "../roles.ts";
import { VERSION } from "../version.ts";
import { endpointOf, openBackend } from "./backends.ts";
import { openToolRotation } from "./key-versions.ts";
import { legacyOptionsOf } from "./legacy-options.ts";
import { refuseUnknownKeys } from "./policy-keys.ts";
import { openUploadState } from "./upload-state.ts";

/** Runs jobs, each on one bucket. */
export interface JobSite extends AsyncDisposable {
  rewrap(wish: RewrapWish): AsyncGenerator<RewrapPage>;
  replace(wish: InPlaceWish): AsyncGenerator<JobPage>;
  verify(walk: BucketWalk): AsyncGenerator<JobPage>;
}

/** Starts on the configured keys and backend; `config.invalid` where they are not good. */
export async function startJobSite(
  { config, roles, env }: { config: GatewayConfig; roles: ReadonlySet<Role>; env: Env },
  { log, signal }: { log: Log; signal: AbortSignal },
): Promise<JobSite> {
  await using held = new AsyncDisposableStack();
  const { policies } = openEntrance(config, roles, env);
  const backend = held.use(openBackend(config.backend, { identities: [], log }));
  const bus = new MemoryBus({ log });
  held.defer(() => bus.drain());
  const folder = join(config.data_dir, "keys");
  const parts = { config: config.encryption, env, folder, log };
  const custodians = held.use(await configuredCustodian(parts));
  refuseUnknownKeys(policies, custodians);
  const { custodian, states } = held.use(await openToolRotation(custodians, { config, log }));
  const acceptsForgeable = config.legacy.accept_forgeable;
  const legacy = await configuredLegacy(parts, { custodians, acceptsForgeable, states });
  const metrics = createMetrics();
  if (config.encryption.fips) fipsSelfTest();
  const health = new Health({ version: VERSION, log });
  await startKeys({ custodian, legacy, folder, bus, guards: undefined, log, metrics, health });
  const transfers = new LocalTransfers({ log });
  const { needsEqualParts } = profileOf(config.backend.provider, endpointOf(config.backend));
  const state = await openUploadState({ config, roles, env, log, metrics });
  if (state) held.use(state);
  held.use(
    startCrypto({
      ...{ bus, transfers, backend, log, metrics, needsEqualParts, state },
      legacy: legacyOptionsOf(config),
      session: undefined,
    }),
  );
  const all = held.move();
  const rooms = {
    backend,
    bus,
    crypto: transfers,
    policies,
    needsEqualParts,
    knownPuts: new Map(),
    signal,
  };
  return {
    rewrap: (wish) => rewrapBucket(rooms, wish),
    replace: (wish) => replaceInBucket(rooms, wish),
    verify: (wish) => verifyBucket(rooms, wish),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
