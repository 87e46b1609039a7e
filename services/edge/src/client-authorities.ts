/** Which connections show a certificate that is believed now: TLS verifies it once, the authorities can be exchanged after that. */
import type { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { certificatesOf } from "@s3eg/shared/runtime/server-certificate.ts";
import { s3Error } from "./s3/errors.ts";

/** A connection of a client: the same address and port before its handshake and after it. */
type Peer = Pick<Socket, "remoteAddress" | "remotePort">;

interface Met {
  readonly certificate: X509Certificate;
  /** One of these vouched for it. */
  readonly authorities: readonly X509Certificate[];
}

/** Authorities that vouch for clients, as they are now. */
export class ClientAuthorities {
  /** Those that a handshake has begun with. */
  readonly #begun = new Map<string, readonly X509Certificate[]>();
  readonly #met = new WeakMap<object, Met>();
  #current: readonly X509Certificate[];

  /** `pem`: their certificates. */
  constructor(pem: string) {
    this.#current = certificatesOf(pem);
  }

  exchange(pem: string): void {
    this.#current = certificatesOf(pem);
  }

  /** Notes a connection whose handshake begins. */
  begin(connection: Peer & { once(event: "close", heard: () => void): unknown }): void {
    const peer = nameOf(connection);
    this.#begun.set(peer, this.#current);
    connection.once("close", () => this.#begun.delete(peer));
  }

  /** Notes a connection whose handshake has ended. */
  meet(connection: Peer & Pick<TLSSocket, "authorized" | "getPeerX509Certificate">): void {
    const authorities = this.#begun.get(nameOf(connection));
    const certificate = connection.authorized ? connection.getPeerX509Certificate() : undefined;
    if (authorities && certificate) this.#met.set(connection, { certificate, authorities });
  }

  /**
   * The certificate of a connection's client; undefined where it shows none that is believed. Where that can be told by a new handshake
   * alone, because an authority is gone, `ServiceUnavailable`, and the connection ends.
   */
  certificateOf(connection: object): X509Certificate | undefined {
    const met = this.#met.get(connection);
    if (!met || met.certificate.validToDate.getTime() < Date.now()) return undefined;
    if (met.authorities.every((authority) => this.#has(authority))) return met.certificate;
    if (this.#current.some((authority) => vouches(authority, met.certificate))) {
      return met.certificate;
    }
    throw s3Error("ServiceUnavailable", { headers: { connection: "close" } });
  }

  #has({ fingerprint256 }: X509Certificate): boolean {
    return this.#current.some((authority) => authority.fingerprint256 === fingerprint256);
  }
}

function nameOf({ remoteAddress, remotePort }: Peer): string {
  return `${remoteAddress} ${remotePort}`;
}

function vouches(authority: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}
