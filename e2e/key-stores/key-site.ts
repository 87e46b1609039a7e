/** What the story of a gateway on a key store (story.ts) needs of each store. */
import type { RelayTarget } from "../servers/relay.ts";

/** Settings of a gateway, as environment variables. */
export type Settings = Readonly<Record<string, string>>;

/** How a key comes to its end. */
interface KeyEnd {
  /** "disabled", "destroyed". */
  readonly how: string;
  /** Does it in the store. */
  readonly act: () => Promise<unknown>;
  /** The store still opens what the key wrapped, and wraps nothing more. */
  readonly stillReads?: boolean;
}

/** A key store with its keys, and the settings of a gateway for them. */
export interface KeySite extends AsyncDisposable {
  /** With the old key alone. */
  readonly old: Settings;
  /** With the new key, and the old one only to read. */
  readonly both: Settings;
  /** With the new key alone. */
  readonly fresh: Settings;
  /** Done between `old` and `both`, where the store itself makes the new version of a key. */
  readonly rotate?: () => Promise<unknown>;
  /** Takes the old key from the store, for good. */
  readonly removeOld: () => Promise<unknown>;
  /** A key of its own, and its ends one after the other. */
  readonly doomed: { readonly settings: Settings; readonly ends: readonly KeyEnd[] };
  /** A key of its own, and settings under which its name is another key's. */
  readonly named: { readonly settings: Settings; readonly impostor: () => Promise<Settings> };
  /** Where the store is a server. */
  readonly server?: KeyServer;
  /** Where it is none: takes the store away; what it gives brings it back. */
  readonly takeAway?: () => Promise<() => Promise<unknown>>;
}

/** A key store that is a server. */
interface KeyServer extends RelayTarget {
  /** Its processes, which the story stops for a while. */
  readonly pids: readonly number[];
  /** `fresh`, by way of another port of loopback. */
  readonly by: (port: number) => Settings;
}
