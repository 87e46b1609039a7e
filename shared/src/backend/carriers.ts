/** The carriers of an S3 endpoint: one pair for each host, because virtual-host style gives every bucket a host of its own. */
import { readFileSync } from "node:fs";
import { createSecureContext, getCACertificates } from "node:tls";
import type { BackendObserver } from "./backend-metrics.ts";
import type { BackendTimeouts, ConnectionSettings, TlsSettings } from "./bulk-connection.ts";
import { BulkPool } from "./bulk-pool.ts";
import { type Carrier, KEEP_IDLE_MS } from "./carrier.ts";
import { ReadBuffers } from "./read-buffers.ts";
import { UndiciCarrier } from "./undici-carrier.ts";

const MAX_HOSTS = 32;

/** How TLS to the backend is checked. */
export interface BackendTls {
  /** PEM file with further certificate authorities, besides those Node trusts. */
  readonly caFile?: string;
  /** False accepts any certificate. */
  readonly rejectUnauthorized?: boolean;
}

/** Settings of `Carriers`. */
export interface CarriersSettings {
  readonly endpoint: URL;
  readonly timeouts: BackendTimeouts;
  readonly tls?: BackendTls;
  /** For each host and each of the two carriers. */
  readonly maxConnections: number;
  readonly observer?: Pick<Partial<BackendObserver>, "onBuffer"> | undefined;
}

/** The carriers of one host. */
export interface CarrierPair {
  /** Requests without a body, answers of moderate size. */
  readonly small: Carrier;
  /** Request bodies, object bytes. */
  readonly bulk: Carrier;
}

/** Makes carriers as hosts are named, and lets go of those unused for longest. */
export class Carriers implements AsyncDisposable {
  readonly #settings: CarriersSettings;
  readonly #tls: TlsSettings | undefined;
  readonly #buffers: ReadBuffers;
  readonly #pairs = new Map<string, CarrierPair>();

  constructor(settings: CarriersSettings) {
    this.#settings = settings;
    this.#buffers = new ReadBuffers(settings.observer?.onBuffer);
    this.#tls = settings.endpoint.protocol === "https:" ? tlsSettings(settings.tls) : undefined;
  }

  /** The carriers of a host, which is named as in a Host header. */
  of(host: string): CarrierPair {
    const known = this.#pairs.get(host);
    if (known && this.#pairs.size === 1) return known;
    const pair = known ?? this.#make(host);
    // Behind all others: the first of the map is the one unused for longest.
    this.#pairs.delete(host);
    this.#pairs.set(host, pair);
    if (this.#pairs.size > MAX_HOSTS) this.#retireOldest();
    return pair;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const pairs = [...this.#pairs.values()];
    await Promise.all(
      pairs.flatMap(({ small, bulk }) => [
        small[Symbol.asyncDispose](),
        bulk[Symbol.asyncDispose](),
      ]),
    );
  }

  #make(host: string): CarrierPair {
    const { timeouts, maxConnections } = this.#settings;
    const url = new URL(`${this.#settings.endpoint.protocol}//${host}`);
    const settings: ConnectionSettings = {
      host: url.hostname.replace(/^\[|\]$/g, ""),
      port: Number(url.port || (this.#tls ? 443 : 80)),
      timeouts,
      keepIdleMs: KEEP_IDLE_MS,
      buffers: this.#buffers,
      ...(this.#tls ? { tls: this.#tls } : {}),
    };
    return {
      small: new UndiciCarrier(settings, maxConnections),
      bulk: new BulkPool(settings, maxConnections),
    };
  }

  #retireOldest(): void {
    for (const [host, { small, bulk }] of this.#pairs) {
      this.#pairs.delete(host);
      small.retire();
      bulk.retire();
      return;
    }
  }
}

function tlsSettings({ caFile, rejectUnauthorized = true }: BackendTls = {}): TlsSettings {
  // Made once: reading the authorities anew for each connection costs milliseconds.
  const secureContext = createSecureContext({
    minVersion: "TLSv1.2",
    ...(caFile === undefined
      ? {}
      : { ca: [...getCACertificates("default"), readFileSync(caFile, "utf8")] }),
  });
  return { secureContext, rejectUnauthorized };
}
