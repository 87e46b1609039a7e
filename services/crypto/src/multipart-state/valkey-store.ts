/** The state of uploads in Valkey (or Redis 6 and later): shared by all crypto workers. Key layout: services/crypto/README.md. */
import { createHash } from "node:crypto";
import { Fault } from "@s3eg/shared/faults.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Valkey } from "@s3eg/shared/runtime/valkey.ts";
import {
  type AttemptRef,
  MAX_PARKED_PARTS,
  RESULT_TTL_MS,
  type StateHealth,
} from "./multipart-state.ts";
import type {
  AddOutcome,
  AttemptToStore,
  StateStore,
  StoredAttempt,
  StoredUpload,
  StoreLimits,
} from "./state-store.ts";
import {
  ADD,
  ATTEMPTS,
  COMPLETE,
  COUNT,
  CREATE,
  FORGET,
  RESERVE,
  SETTLE,
  UNPARK,
} from "./valkey-scripts.ts";

/** Keys of all uploads together. Nothing of an upload has a tag with `*`. */
const INDEX = ["s3eg:{*}:uploads", "s3eg:{*}:parked", "s3eg:{*}:parked-total"] as const;
const LISTED_AT_ONCE = 100;
const COLON = 0x3a;

/** StateStore in Valkey. It owns the connection it is given. */
export class ValkeyStore implements StateStore {
  readonly #valkey: Valkey;
  readonly #limits: StoreLimits;
  readonly #log: Log;
  #knowsEviction = false;

  constructor(valkey: Valkey, { limits, log }: { limits: StoreLimits; log: Log }) {
    this.#valkey = valkey;
    this.#limits = limits;
    this.#log = log;
  }

  async create(uploadId: string, record: Uint8Array): Promise<boolean> {
    // The index first: what it lists without a record is passed over, what it does not list nobody cleans.
    await this.#reserve(uploadId, 0);
    const args = [record, this.#limits.ttlMs];
    return (await this.#valkey.run(CREATE, Object.values(keysOf(uploadId)), args)) === 1;
  }

  async find(uploadId: string): Promise<Uint8Array | undefined> {
    return optionalBytes(await this.#valkey.call("hget", keysOf(uploadId).upload, "record"));
  }

  async add(uploadId: string, attempt: AttemptToStore): Promise<AddOutcome> {
    const { value, parked } = attempt;
    if (parked && !(await this.#reserve(uploadId, parked.byteLength))) return { kind: "full" };
    const reply = listOf(
      await this.#valkey.run(ADD, partKeys(uploadId), [
        fieldOf(attempt),
        attempt.partNumber,
        value,
        this.#limits.ttlMs,
        MAX_PARKED_PARTS,
        parked ? "1" : "0",
        parked ?? "",
      ]),
    );
    const [what, sequence, parkedBytes, surplusField, surplus] = reply;
    switch (String(what)) {
      case "added":
        await this.#settle(uploadId, numberOf(sequence), numberOf(parkedBytes));
        return {
          kind: "added",
          sequence: numberOf(sequence),
          surplus: surplusField ? storedAttempt(surplusField, surplus) : undefined,
        };
      case "void":
        await this.#settle(uploadId, numberOf(sequence), numberOf(parkedBytes));
        return { kind: "void" };
      case "unknown":
        if (parked) await this.#forget(uploadId);
        return { kind: "unknown-upload" };
      default:
        throw strange();
    }
  }

  async attempts(uploadId: string): Promise<StoredAttempt[] | undefined> {
    const { upload, attempts } = keysOf(uploadId);
    const reply = await this.#valkey.run(ATTEMPTS, [upload, attempts], []);
    if (reply === null) return undefined;
    const flat = listOf(reply);
    const found: StoredAttempt[] = [];
    for (let at = 0; at < flat.length; at += 2) {
      const attempt = storedAttempt(flat[at], flat[at + 1]);
      if (attempt) found.push(attempt);
    }
    return found;
  }

  async parked(uploadId: string, attempt: AttemptRef): Promise<Uint8Array | undefined> {
    const { parked } = keysOf(uploadId);
    return optionalBytes(await this.#valkey.call("hget", parked, fieldOf(attempt)));
  }

  async unpark(uploadId: string, attempt: AttemptRef, value: Uint8Array): Promise<boolean> {
    const args = [fieldOf(attempt), value];
    const reply = await this.#valkey.run(UNPARK, partKeys(uploadId), args);
    if (reply === null) return false;
    const [change, parkedBytes] = listOf(reply);
    await this.#settle(uploadId, numberOf(change), numberOf(parkedBytes));
    return true;
  }

  async *list(): AsyncGenerator<StoredUpload> {
    let cursor = "0";
    do {
      const reply = await this.#valkey.call("zscan", INDEX[0], cursor, "COUNT", LISTED_AT_ONCE);
      const [next, members] = listOf(reply);
      cursor = String(next);
      const flat = listOf(members);
      const found = await Promise.all(
        flat.flatMap((id, at) => (at % 2 === 0 ? [this.#listed(String(id), flat[at + 1])] : [])),
      );
      yield* found.filter((upload) => upload !== undefined);
    } while (cursor !== "0");
  }

  async complete(uploadId: string, result: Uint8Array): Promise<void> {
    const args = [result, RESULT_TTL_MS];
    await this.#valkey.run(COMPLETE, Object.values(keysOf(uploadId)), args);
    await this.#forget(uploadId);
  }

  async result(uploadId: string): Promise<Uint8Array | undefined> {
    return optionalBytes(await this.#valkey.call("get", keysOf(uploadId).result));
  }

  async remove(uploadId: string): Promise<void> {
    await this.#valkey.call("unlink", ...Object.values(keysOf(uploadId)));
    await this.#forget(uploadId);
  }

  async check(): Promise<StateHealth> {
    const activeUploads = numberOf(await this.#valkey.run(COUNT, INDEX, []));
    if (!this.#knowsEviction) await this.#warnOfEviction();
    return { activeUploads };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#valkey[Symbol.asyncDispose]();
  }

  /** A server that makes room by dropping keys drops uploads. They fail closed, but they fail. */
  async #warnOfEviction(): Promise<void> {
    this.#knowsEviction = true;
    try {
      const policies = await this.#valkey.evictionPolicies();
      const evicting = policies.find((policy) => policy !== "noeviction");
      if (evicting === undefined) return;
      const fields = { maxmemoryPolicy: evicting };
      this.#log.warn(fields, "Valkey may drop uploads under way: set maxmemory-policy noeviction");
    } catch (err) {
      const message = "Valkey's maxmemory-policy cannot be read (INFO): make sure it is noeviction";
      this.#log.warn({ err }, message);
    }
  }

  async #listed(uploadId: string, expiry: unknown): Promise<StoredUpload | undefined> {
    const record = await this.find(uploadId);
    return record && { uploadId, record, expiresAtMs: Number(String(expiry)) };
  }

  async #reserve(uploadId: string, bytes: number): Promise<boolean> {
    const { ttlMs, maxParkedBytes } = this.#limits;
    return (await this.#valkey.run(RESERVE, INDEX, [uploadId, ttlMs, bytes, maxParkedBytes])) === 1;
  }

  async #settle(uploadId: string, change: number, parkedBytes: number): Promise<void> {
    const args = [uploadId, this.#limits.ttlMs, change, parkedBytes];
    await this.#valkey.run(SETTLE, INDEX, args);
  }

  async #forget(uploadId: string): Promise<void> {
    await this.#valkey.run(FORGET, INDEX, [uploadId]);
  }
}

/** Keys of one upload, in the order the scripts know them. The tag keeps them in one slot of a cluster. */
function keysOf(uploadId: string) {
  const tag = `s3eg:{${tagOf(uploadId)}}`;
  return {
    upload: `${tag}:upload`,
    attempts: `${tag}:attempts`,
    parked: `${tag}:parked`,
    leaving: `${tag}:leaving`,
    result: `${tag}:result`,
  };
}

function partKeys(uploadId: string): string[] {
  const { upload, attempts, parked, leaving } = keysOf(uploadId);
  return [upload, attempts, parked, leaving];
}

/** A client may send any text as an upload id: one that could be read as something else in a key is hashed. */
function tagOf(uploadId: string): string {
  if (/^[\w.~+/=-]+$/.test(uploadId)) return uploadId;
  return `#${createHash("sha256").update(uploadId).digest("hex")}`;
}

function fieldOf({ partNumber, etag }: AttemptRef): string {
  return `${partNumber}/${etag}`;
}

/** `<part number>/<etag>` and `<sequence>:<value>`; undefined for a void one, which has no value. */
function storedAttempt(field: unknown, stored: unknown): StoredAttempt | undefined {
  const bytes = bytesOf(stored);
  const colon = bytes.indexOf(COLON);
  const [, partNumber, etag] = /^(\d+)\/(.*)$/s.exec(String(field)) ?? [];
  if (colon < 0 || partNumber === undefined || etag === undefined) throw strange();
  if (bytes.byteLength === colon + 1) return undefined;
  return {
    partNumber: Number(partNumber),
    etag,
    sequence: Number(bytes.subarray(0, colon).toString()),
    value: bytes.subarray(colon + 1),
  };
}

function listOf(reply: unknown): unknown[] {
  if (Array.isArray(reply)) return reply;
  throw strange();
}

function numberOf(reply: unknown): number {
  if (typeof reply === "number") return reply;
  throw strange();
}

function optionalBytes(reply: unknown): Buffer | undefined {
  return reply === null ? undefined : bytesOf(reply);
}

function bytesOf(reply: unknown): Buffer {
  if (Buffer.isBuffer(reply)) return reply;
  throw strange();
}

function strange(): Fault {
  return new Fault("state.unavailable", "the state store answered something else than was asked");
}
