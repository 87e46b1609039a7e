/** Where the sealed state of uploads lies. A store moves bytes and keeps order; it understands none of what it keeps. */
import type { AttemptRef, StateHealth } from "./multipart-state.ts";

/** An upload as it is listed. */
export interface StoredUpload {
  readonly uploadId: string;
  readonly record: Uint8Array;
  readonly expiresAtMs: number;
}

/** An attempt as it is kept. */
export interface StoredAttempt extends AttemptRef {
  readonly sequence: number;
  readonly value: Uint8Array;
}

/** An attempt to keep, and its parked ciphertext. */
export interface AttemptToStore extends AttemptRef {
  readonly value: Uint8Array;
  readonly parked?: Uint8Array | undefined;
}

/** `void`: the part number and ETag were taken, and belong to no attempt now. `full`: no room to park. */
export type AddOutcome =
  | {
      readonly kind: "added";
      readonly sequence: number;
      readonly surplus?: StoredAttempt | undefined;
    }
  | { readonly kind: "unknown-upload" | "void" | "full" };

/** How long and how much a store keeps. */
export interface StoreLimits {
  /** Life of an upload after its last part. */
  readonly ttlMs: number;
  /** Parked bytes of all uploads together. */
  readonly maxParkedBytes: number;
}

/** The steps of MultipartState, on bytes. Each is atomic; faults are `state.unavailable` and `limit.busy`. */
export interface StateStore extends AsyncDisposable {
  /** False where the upload id is taken by another record. */
  create(uploadId: string, record: Uint8Array): Promise<boolean>;
  find(uploadId: string): Promise<Uint8Array | undefined>;
  add(uploadId: string, attempt: AttemptToStore): Promise<AddOutcome>;
  /** Attempts that are not void, in no order; undefined where there is no such upload. */
  attempts(uploadId: string): Promise<StoredAttempt[] | undefined>;
  parked(uploadId: string, attempt: AttemptRef): Promise<Uint8Array | undefined>;
  /** Gives a parked attempt a new value and drops its ciphertext; false where there is no such upload. */
  unpark(uploadId: string, attempt: AttemptRef, value: Uint8Array): Promise<boolean>;
  list(): AsyncIterable<StoredUpload>;
  complete(uploadId: string, result: Uint8Array): Promise<void>;
  result(uploadId: string): Promise<Uint8Array | undefined>;
  remove(uploadId: string): Promise<void>;
  check(): Promise<StateHealth>;
}
