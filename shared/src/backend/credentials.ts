/** Where the keys come from that requests to the backend are signed with. */
import { Fault, type FaultDetails } from "../faults.ts";
import type { Log } from "../runtime/log.ts";
import { Secret } from "../runtime/secret.ts";

/** One identity at the backend. */
export interface BackendIdentity {
  readonly accessKey: string;
  readonly secretKey: Secret;
  readonly sessionToken?: Secret;
}

/** Finds identities. `find()` gives the default one, `find(accessKey)` an additional one; throws `config.invalid` for one that is not there. */
export interface BackendCredentials {
  find(identity?: string): Promise<BackendIdentity>;
}

/** Identities beside the default one; which ones can change. */
export interface FurtherIdentities {
  find(accessKey: string): BackendIdentity | undefined;
}

/** A default identity that does not change, and further ones by access key. */
export function staticCredentials(
  standard: BackendIdentity | undefined,
  additional: readonly BackendIdentity[] | FurtherIdentities = [],
): BackendCredentials {
  const further = isListed(additional) ? listed(additional) : additional;
  return {
    async find(identity) {
      const found = identity === undefined ? standard : further.find(identity);
      if (found) return found;
      if (identity !== undefined && identity === standard?.accessKey) return standard;
      throw unknownIdentity(identity);
    },
  };
}

function isListed(
  identities: readonly BackendIdentity[] | FurtherIdentities,
): identities is readonly BackendIdentity[] {
  return Array.isArray(identities);
}

function listed(identities: readonly BackendIdentity[]): FurtherIdentities {
  const byAccessKey = new Map(identities.map((identity) => [identity.accessKey, identity]));
  return { find: (accessKey) => byAccessKey.get(accessKey) };
}

/** What a source of temporary keys gives. */
export interface TemporaryKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly expiration?: Date | undefined;
}

/** Settings of `refreshedCredentials`. */
export interface RefreshSettings {
  /** Brings new keys. Called once at a time, and never before it is needed. */
  readonly load: () => Promise<TemporaryKeys>;
  readonly additional?: readonly BackendIdentity[] | FurtherIdentities;
  readonly log: Pick<Log, "warn">;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** From then on new keys are fetched while the old ones are still used. */
const REFRESH_BEFORE_MS = 5 * 60 * 1000;
/** From then on a request waits for new keys. */
const UNUSABLE_BEFORE_MS = 30 * 1000;
/** Pause after a failure, while the old keys still serve. */
const RETRY_AFTER_MS = 10 * 1000;

/** A default identity whose keys expire: fetched on first use, kept, renewed ahead of time. Throws `backend.unavailable` when there are none. */
export function refreshedCredentials(settings: RefreshSettings): BackendCredentials {
  const standard = new RefreshedIdentity(settings);
  const additional = staticCredentials(undefined, settings.additional);
  return {
    find: (identity) => (identity === undefined ? standard.find() : additional.find(identity)),
  };
}

/** The AWS default chain: environment, web identity, profiles, container and instance roles. The library is loaded on first use. */
export function awsDefaultCredentials(settings: Omit<RefreshSettings, "load">): BackendCredentials {
  let provide: ((options: { forceRefresh: boolean }) => Promise<TemporaryKeys>) | undefined;
  return refreshedCredentials({
    ...settings,
    async load() {
      if (!provide) {
        const { defaultProvider } = await import("@aws-sdk/credential-provider-node");
        provide = defaultProvider();
      }
      return provide({ forceRefresh: true });
    },
  });
}

class RefreshedIdentity {
  readonly #settings: RefreshSettings;
  #identity: BackendIdentity | undefined;
  #expiresAt = 0;
  #refreshAt = 0;
  #loading: Promise<BackendIdentity> | undefined;

  constructor(settings: RefreshSettings) {
    this.#settings = settings;
  }

  async find(): Promise<BackendIdentity> {
    const now = this.#now();
    if (!this.#identity || now >= this.#expiresAt - UNUSABLE_BEFORE_MS) return this.#load();
    if (now >= this.#refreshAt && !this.#loading) this.#loadAhead();
    return this.#identity;
  }

  #now(): number {
    return (this.#settings.now ?? Date.now)();
  }

  #load(): Promise<BackendIdentity> {
    this.#loading ??= this.#loadOnce().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  #loadAhead(): void {
    this.#refreshAt = this.#now() + RETRY_AFTER_MS;
    this.#load().catch((error: unknown) => {
      this.#settings.log.warn({ err: error }, "backend credentials could not be renewed yet");
    });
  }

  async #loadOnce(): Promise<BackendIdentity> {
    let keys: TemporaryKeys;
    try {
      keys = await this.#settings.load();
    } catch (cause) {
      throw new Fault("backend.unavailable", "no backend credentials to be had", { cause });
    }
    this.#expiresAt = keys.expiration?.getTime() ?? Number.POSITIVE_INFINITY;
    this.#refreshAt = this.#expiresAt - REFRESH_BEFORE_MS;
    this.#identity = {
      accessKey: keys.accessKeyId,
      secretKey: new Secret(keys.secretAccessKey),
      ...(keys.sessionToken === undefined ? {} : { sessionToken: new Secret(keys.sessionToken) }),
    };
    return this.#identity;
  }
}

function unknownIdentity(identity: string | undefined): Fault {
  const details: FaultDetails = identity === undefined ? {} : { identity };
  const which = identity === undefined ? "the default identity" : `identity "${identity}"`;
  return new Fault("config.invalid", `no backend credentials for ${which}`, { details });
}
