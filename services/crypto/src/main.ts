/** crypto, the strong room: seals and opens object bodies. It holds data keys for the time of use, and never a KEK. */

import { openDataKeyCache } from "./cached-data-keys.ts";
import type { CryptoParts } from "./crypto-parts.ts";
import { dataKeysOf } from "./data-keys.ts";
import { fipsDataKeys } from "./fips-data-keys.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { openInbox } from "./inbox.ts";
import { startCleanUp } from "./multipart/clean-up.ts";
import { withReadableSuites } from "./readable-suites.ts";

/** A running crypto. */
export interface RunningCrypto extends AsyncDisposable {
  /** Tells edges in other processes the present state of this worker, at once: on a change that they must not learn late. */
  announce(): Promise<void>;
}

/** Starts crypto: from now on it answers its transfers and questions. The caller owns what it passed in and closes it after the answer. */
export function startCrypto(parts: CryptoParts): RunningCrypto {
  const { bus, transfers, backend, log, metrics, session, guard, worker, state, cleanUp } = parts;
  const { needsEqualParts = false, legacy } = parts;
  const cache = parts.cache && openDataKeyCache(parts.cache, { bus, metrics });
  const asked = dataKeysOf(bus, session, { now: Date.now, ...cache });
  const approved = legacy.isFips ? fipsDataKeys(asked) : asked;
  const dataKeys = withReadableSuites(approved, legacy.readableSuites);
  openInbox(
    { transfers, bus, guard },
    { dataKeys, backend, state, log, metrics, needsEqualParts, legacy },
  );
  const rounds =
    state && cleanUp && startCleanUp({ backend, state, now: Date.now }, { ...cleanUp, log });
  const heartbeat = worker && startHeartbeat(bus, worker, log);
  return {
    announce: async () => await heartbeat?.beat(),
    async [Symbol.asyncDispose]() {
      await rounds?.[Symbol.asyncDispose]();
      await heartbeat?.[Symbol.asyncDispose]();
      cache?.cache[Symbol.dispose]();
    },
  };
}
