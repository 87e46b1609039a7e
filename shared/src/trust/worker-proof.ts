/**
 * Proof that an announced crypto worker is one of ours. Edge sends plaintext to whoever it believes to be a worker, so an
 * announcement counts only with a MAC under SERVICE_SECRET: the right to publish on the broker is not enough.
 */
import {
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  timingSafeEqual,
} from "node:crypto";
import type { WorkerAlive } from "../contracts/crypto.ts";
import type { Secret } from "../runtime/secret.ts";
import { canonicalJson } from "./canonical-json.ts";

/** An announcement before it is proven. */
export type WorkerState = Omit<WorkerAlive, "announcedAtMs" | "mac">;

/** An announcement replayed later than this could lead to an address that is somebody else's by now. */
const WINDOW_MS = 30_000;

/** Proves and checks announcements. */
export class WorkerProof {
  readonly #key: KeyObject;
  readonly #now: () => number;

  /** `now` is the wall clock in milliseconds. */
  constructor(secret: Secret<Uint8Array>, now: () => number = Date.now) {
    this.#key = createSecretKey(
      Buffer.from(hkdfSync("sha256", secret.reveal(), "", "s3eg/2/worker", 32)),
    );
    this.#now = now;
  }

  /** The announcement of a worker's state. */
  announce(state: WorkerState): WorkerAlive {
    const announcedAtMs = this.#now();
    return {
      ...state,
      announcedAtMs,
      mac: this.#mac({ ...state, announcedAtMs }).toString("base64"),
    };
  }

  /** True for an announcement that was made by a holder of the secret, not long ago. */
  isGenuine({ mac, ...fact }: WorkerAlive): boolean {
    const given = Buffer.from(mac, "base64");
    const expected = this.#mac(fact);
    const isProven = given.byteLength === expected.byteLength && timingSafeEqual(given, expected);
    return isProven && Math.abs(this.#now() - fact.announcedAtMs) <= WINDOW_MS;
  }

  #mac(fact: Omit<WorkerAlive, "mac">): Buffer {
    return createHmac("sha256", this.#key).update(canonicalJson(fact)).digest();
  }
}
