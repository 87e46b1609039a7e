/** Rows whose backups are looked for at the backend, for suites that back PostgreSQL up: written, restored, and nowhere readable. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { TestContext } from "node:test";
import { type Postgres, tableDigests } from "../servers/postgres.ts";
import type { Bucket } from "./objects.ts";
import { scanBucket } from "./stored-objects.ts";

const SECRET = "a row that nobody at the backend may read";
const LEAST_STORED_MIB = 100;

/** Makes a table that is large from the start, and one that is written to later. */
export async function makeTables({ query }: Postgres): Promise<void> {
  await query(
    `CREATE TABLE secrets AS SELECT n, '${SECRET} ' || md5(n::text) AS said FROM generate_series(1, 500000) n`,
  );
  await query("CREATE TABLE later (n int, said text)");
}

/** Adds rows that are numbered `n`. */
export async function addLater({ query }: Postgres, n: number, rows: number): Promise<void> {
  await query(
    `INSERT INTO later SELECT ${n}, '${SECRET} ' || m FROM generate_series(1, ${rows}) m`,
  );
}

/** The digests of the tables, the one that was written to later holding so many rows. */
export async function lastDigests(primary: Postgres, laterRows: number): Promise<string> {
  const last = await tableDigests(primary);
  match(last, new RegExp(`^later\\|${laterRows}\\|`, "m"));
  return last;
}

/** A cluster that was restored has replayed the WAL up to its last row. */
export async function assertRestored(t: TestContext, restored: Postgres, last: string) {
  equal(await tableDigests(restored), last);
  match(restored.logTail(), /restored log file/);
  t.diagnostic(last.replaceAll("\n", ", "));
}

/** All of it is on the backend, sealed. */
export async function assertSecret(t: TestContext, behind: Bucket): Promise<void> {
  const found = await scanBucket(behind, SECRET);
  const storedMib = found.bytes / 2 ** 20;
  t.diagnostic(`${found.objects} objects, ${storedMib.toFixed(0)} MiB`);
  ok(storedMib > LEAST_STORED_MIB, "it is all there");
  deepEqual(found.holding, []);
  deepEqual(found.unsealed, []);
}
