/** Tickets: who may start a transfer on a worker. */
import { Fault } from "../faults.ts";
import type { Secret } from "../runtime/secret.ts";
import { DerivedMac } from "../trust/derived-mac.ts";

const LIFETIME_MS = 30_000;

/** What a ticket is good for: one operation of one request on one worker. */
export interface TicketUse {
  readonly worker: string;
  /** Path of the transfer's contract. */
  readonly path: string;
  readonly requestId: string;
  /** The time, in milliseconds since the epoch. */
  readonly now: number;
}

/** Issues and checks tickets with a key derived from SERVICE_SECRET (ARCHITECTURE.md, "Trust between services"). */
export class TransferTickets {
  readonly #mac: DerivedMac;

  constructor(secret: Secret<Uint8Array>) {
    this.#mac = new DerivedMac(secret, "s3eg/2/ticket");
  }

  /** A ticket that is good for the next 30 seconds. */
  issue(use: TicketUse): string {
    const expiresMs = use.now + LIFETIME_MS;
    return `${expiresMs}.${this.#mac.of(boundTo(use, expiresMs)).toString("base64url")}`;
  }

  /** Throws `auth.denied` unless `ticket` was issued for this use, not longer ago than it lives. */
  check(ticket: string, use: TicketUse): void {
    const [, expiry = "", mac = ""] = /^(\d{1,16})\.([\w-]{43})$/.exec(ticket) ?? [];
    const expiresMs = Number(expiry);
    const isOurs = this.#mac.isOf(boundTo(use, expiresMs), Buffer.from(mac, "base64url"));
    if (!isOurs || use.now >= expiresMs) {
      throw new Fault("auth.denied", `no ticket for ${use.path} on this worker`);
    }
  }
}

function boundTo({ worker, path, requestId }: TicketUse, expiresMs: number): string {
  return JSON.stringify([worker, path, requestId, expiresMs]);
}
