/** The gateway's own credential store: who may call it (go-gateway-compatible settings `auth.*`, `GW_*`). */
import type { Secret } from "@s3eg/shared/runtime/secret.ts";
import type { ClientCertificateSetting } from "../config/client-certificate.ts";
import type { Rights } from "./rights.ts";
import { type ShownCertificate, showsWanted } from "./shown-certificate.ts";

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
  /** Who shows one of these is its owner, without a signature. */
  readonly certificates?: readonly ClientCertificateSetting[];
}

/** Credentials by access key. */
export class Credentials {
  readonly #byAccessKey: ReadonlyMap<string, Credential>;
  readonly #certified: readonly Credential[];

  constructor(credentials: readonly Credential[]) {
    this.#byAccessKey = new Map(
      credentials.map((credential) => [credential.accessKey, credential]),
    );
    this.#certified = credentials.filter(({ certificates = [] }) => certificates.length > 0);
  }

  /** Every credential, in the order in which they are configured. */
  get all(): readonly Credential[] {
    return [...this.#byAccessKey.values()];
  }

  /** True where any credential goes with a certificate. */
  get knowsCertificates(): boolean {
    return this.#certified.length > 0;
  }

  /** The owner of a certificate that was verified; undefined for nobody, and where it would be two. */
  ofCertificate(shown: ShownCertificate): Credential | undefined {
    const owners = this.#certified.filter(({ certificates = [] }) =>
      certificates.some((wanted) => showsWanted(shown, wanted)),
    );
    return owners.length === 1 ? owners[0] : undefined;
  }

  find(accessKey: string): Credential | undefined {
    return this.#byAccessKey.get(accessKey);
  }
}
