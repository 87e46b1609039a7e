/**
 * Proof that what is announced comes from one of ours: a MAC under SERVICE_SECRET over the fact and its time. The right to publish on the
 * broker is not enough.
 */
import type { Secret } from "../runtime/secret.ts";
import { canonicalJson } from "./canonical-json.ts";
import { DerivedMac } from "./derived-mac.ts";

/** What is announced, so that a proof of one thing proves no other. Part of the derived key: never changed. */
export type Purpose = "worker" | "process" | "audit-events" | "log-level";

/** A fact with its time (`Date.now()`) and its proof, base64. */
export type Proven<Fact extends object> = Fact & {
  readonly announcedAtMs: number;
  readonly mac: string;
};

/** An announcement that is replayed later than this is not believed. */
const WINDOW_MS = 30_000;

/** Proves and checks announcements of one purpose. */
export class AnnouncementProof {
  readonly #mac: DerivedMac;
  readonly #now: () => number;

  /** `now` is the wall clock in milliseconds. */
  constructor(secret: Secret<Uint8Array>, purpose: Purpose, now: () => number = Date.now) {
    this.#mac = new DerivedMac(secret, `s3eg/2/${purpose}`);
    this.#now = now;
  }

  /** The fact, ready to be announced. */
  prove<Fact extends object>(fact: Fact): Proven<Fact> {
    const announcedAtMs = this.#now();
    const mac = this.#mac.of(canonicalJson({ ...fact, announcedAtMs }));
    return { ...fact, announcedAtMs, mac: mac.toString("base64") };
  }

  /** True for an announcement that was made by a holder of the secret, not long ago. */
  isGenuine({ mac, ...fact }: Proven<object>): boolean {
    const isProven = this.#mac.isOf(canonicalJson(fact), Buffer.from(mac, "base64"));
    return isProven && Math.abs(this.#now() - fact.announcedAtMs) <= WINDOW_MS;
  }
}
