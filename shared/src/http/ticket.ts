/** Tickets: who may start a transfer on a worker. */
import {
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  timingSafeEqual,
} from "node:crypto";
import { Fault } from "../faults.ts";
import type { Secret } from "../runtime/secret.ts";

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
  readonly #key: KeyObject;

  constructor(secret: Secret<Uint8Array>) {
    const derived = hkdfSync("sha256", secret.reveal(), Buffer.alloc(0), "s3eg/2/ticket", 32);
    this.#key = createSecretKey(Buffer.from(derived));
  }

  /** A ticket that is good for the next 30 seconds. */
  issue(use: TicketUse): string {
    const expiresMs = use.now + LIFETIME_MS;
    return `${expiresMs}.${this.#mac(use, expiresMs).toString("base64url")}`;
  }

  /** Throws `auth.denied` unless `ticket` was issued for this use, not longer ago than it lives. */
  check(ticket: string, use: TicketUse): void {
    const [, expiry = "", mac = ""] = /^(\d{1,16})\.([\w-]{43})$/.exec(ticket) ?? [];
    const expected = this.#mac(use, Number(expiry));
    const given = Buffer.alloc(expected.byteLength);
    given.write(mac, "base64url");
    if (!timingSafeEqual(given, expected) || use.now >= Number(expiry)) {
      throw new Fault("auth.denied", `no ticket for ${use.path} on this worker`);
    }
  }

  #mac({ worker, path, requestId }: TicketUse, expiresMs: number): Buffer {
    const bound = JSON.stringify([worker, path, requestId, expiresMs]);
    return createHmac("sha256", this.#key).update(bound).digest();
  }
}
