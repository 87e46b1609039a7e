/** The state of uploads over any store: writes records down, seals every value, and opens only what belongs where it lies. */
import { setImmediate as breathe } from "node:timers/promises";
import { Fault } from "@s3eg/shared/faults.ts";
import type { StateField, StateSeal } from "@s3eg/shared/sealing/state-seal.ts";
import {
  type AddedAttempt,
  type AttemptRef,
  type ListedUpload,
  type MultipartState,
  type NewAttempt,
  PARK_LIMIT_BYTES,
  type PartAttempt,
  type StateHealth,
  type UploadRecord,
  type UploadRef,
} from "./multipart-state.ts";
import {
  decodeAttempt,
  decodeResult,
  decodeUpload,
  encodeAttempt,
  encodeResult,
  encodeUpload,
} from "./state-records.ts";
import type { StateStore, StoredAttempt } from "./state-store.ts";

/** Longer upload ids are no backend's: S3's own have some 130 characters. */
const MAX_UPLOAD_ID_BYTES = 1024;
/** Values opened before other requests get their turn. */
const OPENED_AT_ONCE = 500;

/** MultipartState over `store`, which it owns. */
export class SealedState implements MultipartState {
  readonly #store: StateStore;
  readonly #seal: StateSeal;

  constructor(store: StateStore, seal: StateSeal) {
    this.#store = store;
    this.#seal = seal;
  }

  async create(upload: UploadRecord): Promise<void> {
    const { uploadId } = upload;
    if (!isUploadId(uploadId)) throw unusable("the backend gave an upload id that cannot be kept");
    const record = this.#seal.seal(recordField(uploadId), encodeUpload(upload));
    if (!(await this.#store.create(uploadId, record))) {
      throw unusable("the backend gave an upload id that is in use");
    }
  }

  async find(upload: UploadRef): Promise<UploadRecord | undefined> {
    const record = await this.findById(upload.uploadId);
    return record?.bucket === upload.bucket && record.key === upload.key ? record : undefined;
  }

  async findById(uploadId: string): Promise<UploadRecord | undefined> {
    if (!isUploadId(uploadId)) return undefined;
    const stored = await this.#store.find(uploadId);
    return stored && this.#openRecord(uploadId, stored);
  }

  async addAttempt(
    upload: UploadRef,
    attempt: NewAttempt,
    parkedCiphertext?: Uint8Array,
  ): Promise<AddedAttempt> {
    const { partNumber, etag } = attempt;
    const isParked = parkedCiphertext !== undefined;
    if (isParked && parkedCiphertext.byteLength >= PARK_LIMIT_BYTES) {
      throw new RangeError("a part of this size is not parked");
    }
    const outcome = await this.#store.add(upload.uploadId, {
      partNumber,
      etag,
      value: this.#seal.seal(
        attemptField(upload, attempt),
        encodeAttempt({ ...attempt, isParked }),
      ),
      parked: isParked
        ? this.#seal.seal(parkedField(upload, attempt), parkedCiphertext)
        : undefined,
    });
    switch (outcome.kind) {
      case "added": {
        const { sequence, surplus } = outcome;
        return surplus ? { sequence, surplus: this.#openAttempt(upload, surplus) } : { sequence };
      }
      case "unknown-upload":
        throw unknownUpload();
      case "full":
        throw new Fault("limit.busy", "too many small parts wait for the end of their uploads");
      case "void":
        throw unusable("the backend gave two attempts at a part the same ETag");
    }
  }

  async attempts(upload: UploadRef): Promise<PartAttempt[]> {
    const stored = await this.#store.attempts(upload.uploadId);
    if (!stored) throw unknownUpload();
    const attempts: PartAttempt[] = [];
    for (const attempt of stored) {
      attempts.push(this.#openAttempt(upload, attempt));
      if (attempts.length % OPENED_AT_ONCE === 0) await breathe();
    }
    return attempts.sort((a, b) => a.partNumber - b.partNumber || a.sequence - b.sequence);
  }

  async parked(upload: UploadRef, attempt: AttemptRef): Promise<Uint8Array | undefined> {
    const stored = await this.#store.parked(upload.uploadId, attempt);
    return stored && this.#seal.open(parkedField(upload, attempt), stored);
  }

  async unpark(upload: UploadRef, attempt: PartAttempt, backendEtag: string): Promise<void> {
    const written = encodeAttempt({ ...attempt, isParked: false, backendEtag });
    const value = this.#seal.seal(attemptField(upload, attempt), written);
    if (!(await this.#store.unpark(upload.uploadId, attempt, value))) throw unknownUpload();
  }

  async *list(): AsyncGenerator<ListedUpload> {
    for await (const { uploadId, record, expiresAtMs } of this.#store.list()) {
      yield { upload: this.#openRecord(uploadId, record), expiresAtMs };
    }
  }

  async complete(upload: UploadRef, result: string): Promise<void> {
    const { uploadId } = upload;
    await this.#store.complete(
      uploadId,
      this.#seal.seal(resultField(uploadId), encodeResult({ ...upload, result })),
    );
  }

  async completedResult(upload: UploadRef): Promise<string | undefined> {
    const { uploadId, bucket, key } = upload;
    if (!isUploadId(uploadId)) return undefined;
    const stored = await this.#store.result(uploadId);
    if (!stored) return undefined;
    const kept = decodeResult(this.#seal.open(resultField(uploadId), stored));
    return kept.bucket === bucket && kept.key === key ? kept.result : undefined;
  }

  async remove({ uploadId }: UploadRef): Promise<void> {
    await this.#store.remove(uploadId);
  }

  check(): Promise<StateHealth> {
    return this.#store.check();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store[Symbol.asyncDispose]();
  }

  #openRecord(uploadId: string, stored: Uint8Array): UploadRecord {
    return decodeUpload(this.#seal.open(recordField(uploadId), stored));
  }

  #openAttempt(upload: UploadRef, stored: StoredAttempt): PartAttempt {
    const opened = this.#seal.open(attemptField(upload, stored), stored.value);
    return decodeAttempt(opened, stored.sequence);
  }
}

/** Record and result say themselves what their place is, so a request for another place is told apart from a moved value. */
function recordField(uploadId: string): StateField {
  return { uploadId, bucket: "", key: "", field: "upload" };
}

function resultField(uploadId: string): StateField {
  return { uploadId, bucket: "", key: "", field: "result" };
}

function attemptField(upload: UploadRef, attempt: AttemptRef): StateField {
  return fieldOf(upload, `attempt/${attempt.partNumber}/${attempt.etag}`);
}

function parkedField(upload: UploadRef, attempt: AttemptRef): StateField {
  return fieldOf(upload, `parked/${attempt.partNumber}/${attempt.etag}`);
}

function fieldOf({ uploadId, bucket, key }: UploadRef, field: string): StateField {
  return { uploadId, bucket, key, field };
}

function isUploadId(uploadId: string): boolean {
  return uploadId !== "" && Buffer.byteLength(uploadId) <= MAX_UPLOAD_ID_BYTES;
}

function unknownUpload(): Fault {
  return new Fault("state.unknown-upload", "there is no such upload");
}

function unusable(message: string): Fault {
  return new Fault("state.unavailable", message);
}
