/** The state of uploads in a file: for a gateway that runs as one process (or several on one host). */
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLOutputValue, type StatementSync } from "node:sqlite";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
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

const FILE_NAME = "multipart-state.sqlite";
const SCHEMA_VERSION = 1;
/** Another process of this host may be writing; its steps take milliseconds, and waiting blocks all of this one. */
const BUSY_TIMEOUT_MS = 250;
const LISTED_AT_ONCE = 100;

// An attempt without a value is void: it holds its part number and ETag so that nothing else gets them.
const SCHEMA = `
  CREATE TABLE uploads (
    upload_id TEXT PRIMARY KEY, record BLOB NOT NULL, sequence INTEGER NOT NULL, expires_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX uploads_by_expiry ON uploads (expires_at_ms);
  CREATE TABLE attempts (
    upload_id TEXT NOT NULL REFERENCES uploads ON DELETE CASCADE, part_number INTEGER NOT NULL, etag TEXT NOT NULL,
    sequence INTEGER NOT NULL, value BLOB, PRIMARY KEY (upload_id, part_number, etag)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE parked (
    upload_id TEXT NOT NULL REFERENCES uploads ON DELETE CASCADE, part_number INTEGER NOT NULL, etag TEXT NOT NULL,
    size INTEGER NOT NULL, is_leaving INTEGER NOT NULL DEFAULT 0, ciphertext BLOB NOT NULL,
    PRIMARY KEY (upload_id, part_number)
  ) STRICT;
  CREATE INDEX parked_by_size ON parked (size);
  CREATE TABLE results (upload_id TEXT PRIMARY KEY, value BLOB NOT NULL, expires_at_ms INTEGER NOT NULL) STRICT;
  CREATE INDEX results_by_expiry ON results (expires_at_ms);
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

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
  readonly #database: DatabaseSync;
  readonly #limits: StoreLimits;
  readonly #now: () => number;
  readonly #prepared = new Map<string, StatementSync>();

  /** Opens or makes the file. Throws `config.invalid` where that cannot be done. */
  constructor({ folder, limits, now }: SqliteStoreOptions) {
    this.#limits = limits;
    this.#now = now;
    this.#database = openDatabase(folder);
  }

  async create(uploadId: string, record: Uint8Array): Promise<boolean> {
    return await this.#step(() => {
      this.#sweep();
      if (this.#statement("SELECT 1 FROM results WHERE upload_id = ?").get(uploadId)) return false;
      const insert = "INSERT INTO uploads VALUES (?, ?, 0, ?) ON CONFLICT DO NOTHING";
      const expires = this.#now() + this.#limits.ttlMs;
      return this.#statement(insert).run(uploadId, record, expires).changes === 1;
    });
  }

  async find(uploadId: string): Promise<Uint8Array | undefined> {
    return await this.#step(() => {
      const select = "SELECT record FROM uploads WHERE upload_id = ? AND expires_at_ms > ?";
      return optionalBytes(this.#statement(select).get(uploadId, this.#now())?.record);
    });
  }

  async add(uploadId: string, attempt: AttemptToStore): Promise<AddOutcome> {
    return await this.#step(() => this.#addNow(uploadId, attempt));
  }

  async attempts(uploadId: string): Promise<StoredAttempt[] | undefined> {
    return await this.#step(() => {
      if (!this.#exists(uploadId)) return undefined;
      const select =
        "SELECT part_number, etag, sequence, value FROM attempts WHERE upload_id = ? AND value IS NOT NULL";
      return this.#statement(select).all(uploadId).map(storedAttempt);
    });
  }

  async parked(
    uploadId: string,
    { partNumber, etag }: AttemptRef,
  ): Promise<Uint8Array | undefined> {
    return await this.#step(() => {
      if (!this.#exists(uploadId)) return undefined;
      const select =
        "SELECT ciphertext FROM parked WHERE upload_id = ? AND part_number = ? AND etag = ?";
      return optionalBytes(this.#statement(select).get(uploadId, partNumber, etag)?.ciphertext);
    });
  }

  async unpark(
    uploadId: string,
    { partNumber, etag }: AttemptRef,
    value: Uint8Array,
  ): Promise<boolean> {
    return await this.#step(() => {
      if (!this.#exists(uploadId)) return false;
      const drop = "DELETE FROM parked WHERE upload_id = ? AND part_number = ? AND etag = ?";
      if (this.#statement(drop).run(uploadId, partNumber, etag).changes === 0) return true;
      const update =
        "UPDATE attempts SET value = ? WHERE upload_id = ? AND part_number = ? AND etag = ?";
      this.#statement(update).run(value, uploadId, partNumber, etag);
      return true;
    });
  }

  async *list(): AsyncGenerator<StoredUpload> {
    const select = `SELECT upload_id, record, expires_at_ms FROM uploads WHERE upload_id > ? AND expires_at_ms > ?
      ORDER BY upload_id LIMIT ${LISTED_AT_ONCE}`;
    let after = "";
    for (;;) {
      const rows = await this.#step(() => this.#statement(select).all(after, this.#now()));
      for (const { upload_id, record, expires_at_ms } of rows) {
        const uploadId = String(upload_id);
        yield { uploadId, record: bytesOf(record), expiresAtMs: Number(expires_at_ms) };
      }
      if (rows.length < LISTED_AT_ONCE) return;
      after = String(rows.at(-1)?.upload_id);
    }
  }

  async complete(uploadId: string, result: Uint8Array): Promise<void> {
    await this.#step(() => {
      const insert = "INSERT INTO results VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
      this.#statement(insert).run(uploadId, result, this.#now() + RESULT_TTL_MS);
      this.#statement("DELETE FROM uploads WHERE upload_id = ?").run(uploadId);
    });
  }

  async result(uploadId: string): Promise<Uint8Array | undefined> {
    return await this.#step(() => {
      const select = "SELECT value FROM results WHERE upload_id = ? AND expires_at_ms > ?";
      return optionalBytes(this.#statement(select).get(uploadId, this.#now())?.value);
    });
  }

  async remove(uploadId: string): Promise<void> {
    await this.#step(() => {
      this.#statement("DELETE FROM uploads WHERE upload_id = ?").run(uploadId);
      this.#statement("DELETE FROM results WHERE upload_id = ?").run(uploadId);
    });
  }

  async check(): Promise<StateHealth> {
    return await this.#step(() => {
      this.#sweep();
      return { activeUploads: this.#number("SELECT count(*) AS it FROM uploads") };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#database.isOpen) this.#database.close();
    await Promise.resolve();
  }

  #addNow(uploadId: string, attempt: AttemptToStore): AddOutcome {
    const { partNumber, etag, value, parked } = attempt;
    if (!this.#exists(uploadId)) return { kind: "unknown-upload" };
    const place = [uploadId, partNumber, etag] as const;
    const clash = "SELECT 1 FROM attempts WHERE upload_id = ? AND part_number = ? AND etag = ?";
    if (this.#statement(clash).get(...place)) {
      const empty =
        "UPDATE attempts SET value = NULL WHERE upload_id = ? AND part_number = ? AND etag = ?";
      this.#statement(empty).run(...place);
      const drop = "DELETE FROM parked WHERE upload_id = ? AND part_number = ? AND etag = ?";
      this.#statement(drop).run(...place);
      return { kind: "void" };
    }
    if (parked && !this.#hasRoom(uploadId, partNumber, parked.byteLength)) return { kind: "full" };
    const refresh = `UPDATE uploads SET sequence = sequence + 1, expires_at_ms = ?
      WHERE upload_id = ? RETURNING sequence`;
    const expires = this.#now() + this.#limits.ttlMs;
    const sequence = Number(this.#statement(refresh).get(expires, uploadId)?.sequence);
    this.#statement("INSERT INTO attempts VALUES (?, ?, ?, ?, ?)").run(...place, sequence, value);
    const drop = "DELETE FROM parked WHERE upload_id = ? AND part_number = ?";
    this.#statement(drop).run(uploadId, partNumber);
    if (!parked) return { kind: "added", sequence };
    const park =
      "INSERT INTO parked (upload_id, part_number, etag, size, ciphertext) VALUES (?, ?, ?, ?, ?)";
    this.#statement(park).run(...place, parked.byteLength, parked);
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
    const { part_number, etag } = this.#statement(leave).get(uploadId, uploadId) ?? {};
    const select = `SELECT part_number, etag, sequence, value FROM attempts
      WHERE upload_id = ? AND part_number = ? AND etag = ?`;
    const row = this.#statement(select).get(uploadId, Number(part_number), String(etag));
    return row && storedAttempt(row);
  }

  #exists(uploadId: string): boolean {
    const select = "SELECT 1 FROM uploads WHERE upload_id = ? AND expires_at_ms > ?";
    return this.#statement(select).get(uploadId, this.#now()) !== undefined;
  }

  #sweep(): void {
    for (const table of ["uploads", "results"]) {
      this.#statement(`DELETE FROM ${table} WHERE expires_at_ms <= ?`).run(this.#now());
    }
  }

  #number(select: string, ...values: (string | number)[]): number {
    return Number(this.#statement(select).get(...values)?.it);
  }

  #statement(sql: string): StatementSync {
    const known = this.#prepared.get(sql) ?? this.#database.prepare(sql);
    this.#prepared.set(sql, known);
    return known;
  }

  /** One transaction, in which no other process writes. */
  async #step<Result>(work: () => Result): Promise<Result> {
    await Promise.resolve();
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      try {
        const result = work();
        this.#database.exec("COMMIT");
        return result;
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
        throw error;
      }
    } catch (error) {
      throw faultOf(error);
    }
  }
}

function openDatabase(folder: string): DatabaseSync {
  const file = join(folder, FILE_NAME);
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
    chmodSync(file, 0o600);
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = FULL");
    database.exec("PRAGMA foreign_keys = ON");
    prepareSchema(database, file);
    return database;
  } catch (cause) {
    database?.close();
    if (isFault(cause)) throw cause;
    throw new Fault("config.invalid", `${file} cannot be used as state store`, { cause });
  }
}

function prepareSchema(database: DatabaseSync, file: string): void {
  database.exec("BEGIN IMMEDIATE");
  const version = database.prepare("PRAGMA user_version").get()?.user_version;
  if (version === 0) database.exec(SCHEMA);
  database.exec("COMMIT");
  if (version !== 0 && version !== SCHEMA_VERSION) {
    throw new Fault("config.invalid", `${file} was written by another version of the gateway`);
  }
}

type Row = Record<string, SQLOutputValue>;

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

/** Primary result codes (sqlite.org/rescode.html). */
const SQLITE_FULL = 13;

function faultOf(cause: unknown): Fault {
  if (isFault(cause)) return cause;
  const code = cause instanceof Error && "errcode" in cause ? Number(cause.errcode) & 0xff : 0;
  if (code === SQLITE_FULL) return new Fault("limit.busy", "the state store is full", { cause });
  return new Fault("state.unavailable", "the state store cannot be used", { cause });
}
