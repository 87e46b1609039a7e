/** The gateway's own credential store: who may call it (go-gateway-compatible settings `auth.*`, `GW_*`). */
import type { Secret } from "@s3eg/shared/runtime/secret.ts";
import type { Rights } from "./rights.ts";

/** The backend identity that signs nothing (backend.ts). */
export const ANONYMOUS = "anonymous";

/** Whoever signed a request. */
export interface Principal {
  readonly accessKey: string;
  /** For logs and audit. */
  readonly label?: string;
  /** Access key of its own backend identity; absent: the default one. */
  readonly identity?: string;
  readonly rights: Rights;
}

/** One credential of the store. */
export interface Credential extends Principal {
  readonly secretKey: Secret;
}

/** Credentials by access key. */
export class Credentials {
  readonly #byAccessKey: ReadonlyMap<string, Credential>;

  constructor(credentials: readonly Credential[]) {
    this.#byAccessKey = new Map(
      credentials.map((credential) => [credential.accessKey, credential]),
    );
  }

  /** Every credential, in the order in which they are configured. */
  get all(): readonly Credential[] {
    return [...this.#byAccessKey.values()];
  }

  find(accessKey: string): Credential | undefined {
    return this.#byAccessKey.get(accessKey);
  }
}
