/** The file that a SqliteStore keeps its tables in: opened or made, and changed in steps that happen as a whole or not at all. */
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  DatabaseSync,
  type SQLInputValue,
  type SQLOutputValue,
  type StatementSync,
} from "node:sqlite";
import { Fault, isFault } from "@s3eg/shared/faults.ts";

const FILE_NAME = "multipart-state.sqlite";
const SCHEMA_VERSION = 1;
/** Another process of this host may be writing; its steps take milliseconds, and waiting blocks all of this one. */
const BUSY_TIMEOUT_MS = 250;

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

/** Values by column. */
export type Row = Readonly<Record<string, SQLOutputValue>>;

/** An open `multipart-state.sqlite` (WAL, every step synced), which only its owner may read. */
export class SqliteFile implements Disposable {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  /** Opens or makes the file in a folder, which is made if it is not there. Throws `config.invalid` where that cannot be done. */
  constructor(folder: string) {
    this.#database = openDatabase(folder);
  }

  /** One transaction, in which no other process writes. Rejects with `limit.busy` where the disk is full, else `state.unavailable`. */
  async step<Result>(work: () => Result): Promise<Result> {
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

  /** The first row of an answer; undefined where there is none. For use within a step, as the next two are. */
  row(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#statement(sql).get(...values);
  }

  /** All rows of an answer. */
  rows(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#statement(sql).all(...values);
  }

  /** Changes something; how many rows were changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...values).changes);
  }

  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #statement(sql: string): StatementSync {
    const known = this.#prepared.get(sql) ?? this.#database.prepare(sql);
    this.#prepared.set(sql, known);
    return known;
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

/** Primary result codes (sqlite.org/rescode.html). */
const SQLITE_FULL = 13;

function faultOf(cause: unknown): Fault {
  if (isFault(cause)) return cause;
  const code = cause instanceof Error && "errcode" in cause ? Number(cause.errcode) & 0xff : 0;
  if (code === SQLITE_FULL) return new Fault("limit.busy", "the state store is full", { cause });
  return new Fault("state.unavailable", "the state store cannot be used", { cause });
}
