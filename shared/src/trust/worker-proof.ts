/**
 * Proof that an announced crypto worker is one of ours. Edge sends plaintext to whoever it believes to be a worker, so an
 * announcement counts only with a MAC under SERVICE_SECRET; one replayed much later could lead to an address that is somebody else's by now.
 */
import type { WorkerAlive } from "../contracts/crypto.ts";
import type { Secret } from "../runtime/secret.ts";
import { AnnouncementProof } from "./announcement-proof.ts";

/** An announcement before it is proven. */
export type WorkerState = Omit<WorkerAlive, "announcedAtMs" | "mac">;

/** Proves and checks announcements. */
export class WorkerProof {
  readonly #proof: AnnouncementProof;

  /** `now` is the wall clock in milliseconds. */
  constructor(secret: Secret<Uint8Array>, now?: () => number) {
    this.#proof = new AnnouncementProof(secret, "worker", now);
  }

  /** The announcement of a worker's state. */
  announce(state: WorkerState): WorkerAlive {
    return this.#proof.prove(state);
  }

  /** True for an announcement that was made by a holder of the secret, not long ago. */
  isGenuine(announced: WorkerAlive): boolean {
    return this.#proof.isGenuine(announced);
  }
}
