/** The state of uploads in a file: for a gateway that runs as one process (or several on one host). */
import type { SQLOutputValue } from "node:sqlite";
import { Fault } from "@s3eg/shared/faults.ts";
import {
  type AttemptRef,
  MAX_PARKED_PARTS,
  RESULT_TTL_MS,
  type StateHealth,
} from "./multipart-state.ts";
import { type Row, SqliteFile } from "./sqlite-file.ts";
import type {
  AddOutcome,
  AttemptToStore,
  StateStore,
  StoredAttempt,
  StoredUpload,
  StoreLimits,
} from "./state-store.ts";

const LISTED_AT_ONCE = 100;
const THIS_ATTEMPT = "upload_id = ? AND part_number = ? AND etag = ?";

/** How a store in a file is opened. */
export interface SqliteStoreOptions {
  /** `DATA_DIR`; made if it is not there. */
  readonly folder: string;
  readonly limits: StoreLimits;
  /** Clock in milliseconds since 1970. */
  readonly now: () => number;
}

/** StateStore in `DATA_DIR/multipart-state.sqlite` (WAL, every step synced). What expired is swept as new uploads come. */
export class SqliteStore implements StateStore {
  readonly #file: SqliteFile;
  readonly #limits: StoreLimits;
  readonly #now: () => number;

  /** Opens or makes the file. Throws `config.invalid` where that cannot be done. */
  constructor({ folder, limits, now }: SqliteStoreOptions) {
    this.#limits = limits;
    this.#now = now;
    this.#file = new SqliteFile(folder);
  }

  async create(uploadId: string, record: Uint8Array): Promise<boolean> {
    return await this.#file.step(() => {
      this.#sweep();
      if (this.#file.row("SELECT 1 FROM results WHERE upload_id = ?", uploadId)) return false;
      const insert = "INSERT INTO uploads VALUES (?, ?, 0, ?) ON CONFLICT DO NOTHING";
      const expires = this.#now() + this.#limits.ttlMs;
      return this.#file.run(insert, uploadId, record, expires) === 1;
    });
  }

  async find(uploadId: string): Promise<Uint8Array | undefined> {
    return await this.#file.step(() => {
      const select = "SELECT record FROM uploads WHERE upload_id = ? AND expires_at_ms > ?";
      return optionalBytes(this.#file.row(select, uploadId, this.#now())?.record);
    });
  }

  async add(uploadId: string, attempt: AttemptToStore): Promise<AddOutcome> {
    return await this.#file.step(() => this.#addNow(uploadId, attempt));
  }

  async attempts(uploadId: string): Promise<StoredAttempt[] | undefined> {
    return await this.#file.step(() => {
      if (!this.#exists(uploadId)) return undefined;
      const select =
        "SELECT part_number, etag, sequence, value FROM attempts WHERE upload_id = ? AND value IS NOT NULL";
      return this.#file.rows(select, uploadId).map(storedAttempt);
    });
  }

  async parked(
    uploadId: string,
    { partNumber, etag }: AttemptRef,
  ): Promise<Uint8Array | undefined> {
    return await this.#file.step(() => {
      if (!this.#exists(uploadId)) return undefined;
      const select = `SELECT ciphertext FROM parked WHERE ${THIS_ATTEMPT}`;
      return optionalBytes(this.#file.row(select, uploadId, partNumber, etag)?.ciphertext);
    });
  }

  async unpark(
    uploadId: string,
    { partNumber, etag }: AttemptRef,
    value: Uint8Array,
  ): Promise<boolean> {
    return await this.#file.step(() => {
      if (!this.#exists(uploadId)) return false;
      const drop = `DELETE FROM parked WHERE ${THIS_ATTEMPT}`;
      if (this.#file.run(drop, uploadId, partNumber, etag) === 0) return true;
      const update = `UPDATE attempts SET value = ? WHERE ${THIS_ATTEMPT}`;
      this.#file.run(update, value, uploadId, partNumber, etag);
      return true;
    });
  }

  async *list(): AsyncGenerator<StoredUpload> {
    const select = `SELECT upload_id, record, expires_at_ms FROM uploads WHERE upload_id > ? AND expires_at_ms > ?
      ORDER BY upload_id LIMIT ${LISTED_AT_ONCE}`;
    let after = "";
    for (;;) {
      const rows = await this.#file.step(() => this.#file.rows(select, after, this.#now()));
      for (const { upload_id, record, expires_at_ms } of rows) {
        const uploadId = String(upload_id);
        yield { uploadId, record: bytesOf(record), expiresAtMs: Number(expires_at_ms) };
      }
      if (rows.length < LISTED_AT_ONCE) return;
      after = String(rows.at(-1)?.upload_id);
    }
  }

  async complete(uploadId: string, result: Uint8Array): Promise<void> {
    await this.#file.step(() => {
      const insert = "INSERT INTO results VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
      this.#file.run(insert, uploadId, result, this.#now() + RESULT_TTL_MS);
      this.#file.run("DELETE FROM uploads WHERE upload_id = ?", uploadId);
    });
  }

  async result(uploadId: string): Promise<Uint8Array | undefined> {
    return await this.#file.step(() => {
      const select = "SELECT value FROM results WHERE upload_id = ? AND expires_at_ms > ?";
      return optionalBytes(this.#file.row(select, uploadId, this.#now())?.value);
    });
  }

  async remove(uploadId: string): Promise<void> {
    await this.#file.step(() => {
      this.#file.run("DELETE FROM uploads WHERE upload_id = ?", uploadId);
      this.#file.run("DELETE FROM results WHERE upload_id = ?", uploadId);
    });
  }

  async check(): Promise<StateHealth> {
    return await this.#file.step(() => {
      this.#sweep();
      return { activeUploads: this.#number("SELECT count(*) AS it FROM uploads") };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#file[Symbol.dispose]();
    await Promise.resolve();
  }

  #addNow(uploadId: string, attempt: AttemptToStore): AddOutcome {
    const { partNumber, etag, value, parked } = attempt;
    if (!this.#exists(uploadId)) return { kind: "unknown-upload" };
    const place = [uploadId, partNumber, etag] as const;
    const clash = `SELECT 1 FROM attempts WHERE ${THIS_ATTEMPT}`;
    if (this.#file.row(clash, ...place)) {
      const empty = `UPDATE attempts SET value = NULL WHERE ${THIS_ATTEMPT}`;
      this.#file.run(empty, ...place);
      const drop = `DELETE FROM parked WHERE ${THIS_ATTEMPT}`;
      this.#file.run(drop, ...place);
      return { kind: "void" };
    }
    if (parked && !this.#hasRoom(uploadId, partNumber, parked.byteLength)) return { kind: "full" };
    const refresh = `UPDATE uploads SET sequence = sequence + 1, expires_at_ms = ?
      WHERE upload_id = ? RETURNING sequence`;
    const expires = this.#now() + this.#limits.ttlMs;
    const sequence = Number(this.#file.row(refresh, expires, uploadId)?.sequence);
    this.#file.run("INSERT INTO attempts VALUES (?, ?, ?, ?, ?)", ...place, sequence, value);
    const drop = "DELETE FROM parked WHERE upload_id = ? AND part_number = ?";
    this.#file.run(drop, uploadId, partNumber);
    if (!parked) return { kind: "added", sequence };
    const park =
      "INSERT INTO parked (upload_id, part_number, etag, size, ciphertext) VALUES (?, ?, ?, ?, ?)";
    this.#file.run(park, ...place, parked.byteLength, parked);
    return { kind: "added", sequence, surplus: this.#takeSurplus(uploadId) };
  }

  /** What the same part number has parked now makes room for the new one. */
  #hasRoom(uploadId: string, partNumber: number, bytes: number): boolean {
    this.#sweep();
    const used = this.#number("SELECT coalesce(sum(size), 0) AS it FROM parked");
    const freed = this.#number(
      "SELECT coalesce(sum(size), 0) AS it FROM parked WHERE upload_id = ? AND part_number = ?",
      uploadId,
      partNumber,
    );
    return used - freed + bytes <= this.#limits.maxParkedBytes;
  }

  /** The lowest parked part number, where there are too many; it is not counted again. */
  #takeSurplus(uploadId: string): StoredAttempt | undefined {
    const staying = "FROM parked WHERE upload_id = ? AND is_leaving = 0";
    if (this.#number(`SELECT count(*) AS it ${staying}`, uploadId) <= MAX_PARKED_PARTS) {
      return undefined;
    }
    const leave = `UPDATE parked SET is_leaving = 1
      WHERE upload_id = ? AND part_number = (SELECT min(part_number) ${staying}) RETURNING part_number, etag`;
    const { part_number, etag } = this.#file.row(leave, uploadId, uploadId) ?? {};
    const select = `SELECT part_number, etag, sequence, value FROM attempts WHERE ${THIS_ATTEMPT}`;
    const row = this.#file.row(select, uploadId, Number(part_number), String(etag));
    return row && storedAttempt(row);
  }

  #exists(uploadId: string): boolean {
    const select = "SELECT 1 FROM uploads WHERE upload_id = ? AND expires_at_ms > ?";
    return this.#file.row(select, uploadId, this.#now()) !== undefined;
  }

  #sweep(): void {
    for (const table of ["uploads", "results"]) {
      this.#file.run(`DELETE FROM ${table} WHERE expires_at_ms <= ?`, this.#now());
    }
  }

  #number(select: string, ...values: (string | number)[]): number {
    return Number(this.#file.row(select, ...values)?.it);
  }
}

function storedAttempt({ part_number, etag, sequence, value }: Row): StoredAttempt {
  return {
    partNumber: Number(part_number),
    etag: String(etag),
    sequence: Number(sequence),
    value: bytesOf(value),
  };
}

function optionalBytes(value: SQLOutputValue | undefined): Uint8Array | undefined {
  return value === undefined || value === null ? undefined : bytesOf(value);
}

function bytesOf(value: SQLOutputValue | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new Fault("state.unavailable", "the state store holds something else than it was given");
}
