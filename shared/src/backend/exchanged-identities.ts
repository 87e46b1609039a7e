/** Backend identities that are exchanged while requests are under way. */
import type { BackendIdentity, FurtherIdentities } from "./credentials.ts";

/** How long one that is gone still signs what was begun with it. */
const LAST_MS = 3_600_000;

/** Identities by access key, as they are now; who has just lost his is still found for an hour, for requests under way. */
export class ExchangedIdentities implements FurtherIdentities {
  readonly #byAccessKey = new Map<string, { identity: BackendIdentity; untilMs: number }>();
  readonly #now: () => number;

  /** `now` in milliseconds. */
  constructor(identities: readonly BackendIdentity[], now: () => number = () => performance.now()) {
    this.#now = now;
    this.exchange(identities);
  }

  exchange(identities: readonly BackendIdentity[]): void {
    const now = this.#now();
    for (const [accessKey, known] of this.#byAccessKey) {
      if (known.untilMs <= now) this.#byAccessKey.delete(accessKey);
      else known.untilMs = Math.min(known.untilMs, now + LAST_MS);
    }
    for (const identity of identities) {
      const lasting = { identity, untilMs: Number.POSITIVE_INFINITY };
      this.#byAccessKey.set(identity.accessKey, lasting);
    }
  }

  find(accessKey: string): BackendIdentity | undefined {
    const known = this.#byAccessKey.get(accessKey);
    return known && this.#now() < known.untilMs ? known.identity : undefined;
  }
}
