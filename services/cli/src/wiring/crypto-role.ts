/** Starts the role crypto: the state of uploads, and the port that edges in other processes reach. */
import { profileOf } from "@s3eg/shared/backend/profile.ts";
import { AnswerGuard } from "@s3eg/shared/trust/answerer.ts";
import { startCrypto } from "../../../crypto/src/main.ts";
import { dataKeyCacheLimits } from "../../../keys/src/config/configured-dek-cache.ts";
import { sessionOf } from "./asker-session.ts";
import { endpointOf } from "./backends.ts";
import { legacyOptionsOf } from "./legacy-options.ts";
import type { Process } from "./process.ts";
import type { S3Side } from "./s3-side.ts";
import { onAll, openWorkerPort, transferTrustOf, workerSettings } from "./transfers.ts";
import { openUploadState } from "./upload-state.ts";

/** Where all roles are in this process it answers within it alone. */
export async function startCryptoRole(process: Process, { backend }: S3Side): Promise<void> {
  const { config, roles, stack, bus, ways, local, log, metrics, secrets } = process;
  const session = roles.has("keys") ? undefined : sessionOf(config, secrets?.keys);
  const state = await openUploadState(process);
  if (state) {
    stack.use(state);
    const isValkey = config.multipart_state.valkey.addr !== undefined;
    process.health.add(isValkey ? "valkey" : "multipart-state", () => state.check());
  }
  const { cleanup_interval: everyMs, valkey } = config.multipart_state;
  const cleanUp = { everyMs, ttlMs: valkey.ttl_seconds * 1000 };
  const { needsEqualParts } = profileOf(config.backend.provider, endpointOf(config.backend));
  const common = {
    bus,
    backend,
    log,
    metrics,
    session,
    state,
    cleanUp,
    needsEqualParts,
    legacy: legacyOptionsOf(config),
    cache: dataKeyCacheLimits(config.encryption.key_manager),
  };
  if (!secrets) {
    stack.use(startCrypto({ ...common, transfers: ways.answering(local) }));
    return;
  }
  const trust = await transferTrustOf(process, secrets);
  const { server, describe } = await openWorkerPort(workerSettings(config), trust);
  stack.use(server);
  const transfers = ways.answering(onAll([local, server]));
  const guard = new AnswerGuard({ secret: secrets.service });
  const crypto = startCrypto({ ...common, transfers, guard, worker: describe });
  stack.use(crypto);
  // Edges are told before this worker begins to refuse them, and its heart beats until the last transfer has ended.
  stack.defer(async () => {
    const stopped = server.stop();
    await crypto.announce();
    await stopped;
  });
}
