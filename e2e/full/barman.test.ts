/** barman-cloud with PostgreSQL 15 through the gateway: WAL archive and base backup, then a crash and a restore that must lose nothing. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CreateBucketCommand, ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import { type Bucket, keysOf } from "../clients/objects.ts";
import {
  addLater,
  assertRestored,
  assertSecret,
  lastDigests,
  makeTables,
} from "../clients/postgres-rows.ts";
import { s3ClientOf } from "../clients/s3-client.ts";
import { startGateway } from "../gateway.ts";
import { findProgram } from "../servers/place.ts";
import {
  makeCluster,
  makePostgresPlace,
  type Postgres,
  type PostgresPlace,
  startPostgres,
} from "../servers/postgres.ts";
import { makeTestPki } from "../servers/test-pki.ts";
import { startVersitygw } from "../servers/versitygw.ts";

const BUCKET = "postgres-backups";
const SERVER = "primary";
const ARCHIVE_TIMEOUT_MS = 120_000;

// Over TLS the SDK sends its checksums behind the body, in plain HTTP before it.
for (const hasTls of [false, true]) {
  describe(`barman-cloud over ${hasTls ? "TLS" : "HTTP"}`, () => {
    const servers = new AsyncDisposableStack();
    let behind: Bucket;
    let place: PostgresPlace;
    let env: Record<string, string>;
    let endpoint: readonly string[];
    let primary: Postgres;
    let last: string;
    let backupId: string;

    before(async () => {
      const backend = servers.use(await startVersitygw());
      place = servers.use(await makePostgresPlace());
      const pki = await makeTestPki(place.folder);
      const tls = hasTls ? { tls: pki.server } : {};
      const gateway = servers.use(await startGateway({ backend, ...tls }));
      env = {
        AWS_ACCESS_KEY_ID: gateway.accessKey,
        AWS_SECRET_ACCESS_KEY: gateway.secretKey,
        AWS_DEFAULT_REGION: gateway.region,
        AWS_CONFIG_FILE: "/dev/null",
        AWS_CA_BUNDLE: pki.ca,
      };
      endpoint = ["--endpoint-url", gateway.endpoint];
      const s3 = s3ClientOf(backend);
      servers.defer(() => s3.destroy());
      behind = { s3, bucket: BUCKET };
      await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    });
    after(() => servers.disposeAsync());

    /** Runs a program of barman-cloud on this server's archive. */
    const barman = (name: string, options: readonly string[], more: readonly string[] = []) =>
      place.run(
        findProgram(`barman-cloud-${name}`, "barman"),
        [...endpoint, ...options, `s3://${BUCKET}/barman`, SERVER, ...more],
        env,
      );

    /** The same as a command of PostgreSQL's configuration. */
    const command = (name: string, more: string) => {
      const program = findProgram(`barman-cloud-${name}`, "barman");
      return `'${[program, ...endpoint, `s3://${BUCKET}/barman`, SERVER, more].join(" ")}'`;
    };

    it("archives the WAL and takes a backup while rows are written", async () => {
      const folder = await makeCluster(place, "primary", [
        "archive_mode = on",
        `archive_command = ${command("wal-archive", "%p")}`,
      ]);
      primary = servers.use(await startPostgres(place, folder, env));
      await makeTables(primary);
      const at = ["-h", primary.host, "-p", String(primary.port), "-U", primary.user];
      const taking = barman("backup", [...at, "--immediate-checkpoint", "--jobs", "2"]);
      for (let n = 0; n < 10; n++) await addLater(primary, n, 10_000);
      await taking;
      for (let n = 10; n < 20; n++) await addLater(primary, n, 10_000);
      last = await lastDigests(primary, 200_000);
      await archived(primary);
      await primary.crash();
    });

    it("restores the backup and replays the WAL up to the last row", async (t) => {
      const listed = await barman("backup-list", ["--format", "json"]);
      const { backups_list: backups } = JSON.parse(listed) as {
        backups_list: { backup_id: string; status: string }[];
      };
      deepEqual(
        backups.map(({ status }) => status),
        ["DONE"],
      );
      backupId = backups[0]?.backup_id ?? "";
      const folder = await place.makeFolder("restored");
      await barman("restore", [], [backupId, folder]);
      await appendFile(
        join(folder, "postgresql.conf"),
        `archive_mode = off\nrestore_command = ${command("wal-restore", "%f %p")}\n`,
      );
      await writeFile(join(folder, "recovery.signal"), "");
      await using restored = await startPostgres(place, folder, env);
      await assertRestored(t, restored, last);
    });

    it("left nothing readable on the backend, and no upload under way", async (t) => {
      await assertSecret(t, behind);
      const { Uploads = [] } = await behind.s3.send(
        new ListMultipartUploadsCommand({ Bucket: BUCKET }),
      );
      deepEqual(Uploads, []);
    });

    it("deletes the backup and the WAL that it alone needed", async () => {
      await barman("backup-delete", ["--retention-policy", "REDUNDANCY 1"]);
      const kept = await keysOf(behind);
      ok(
        kept.some((key) => key.endsWith("/backup.info")),
        "one is to be kept",
      );
      await barman("backup-delete", ["--backup-id", backupId]);
      deepEqual(
        (await keysOf(behind)).filter((key) => key.includes("/base/")),
        [],
      );
    });
  });
}

/** Closes the WAL segment of this moment and waits until it is in the archive. */
async function archived({ query }: Postgres): Promise<void> {
  const segment = await query("SELECT pg_walfile_name(pg_switch_wal())");
  const deadline = Date.now() + ARCHIVE_TIMEOUT_MS;
  for (;;) {
    const [done = "", failures] = (
      await query("SELECT last_archived_wal, failed_count FROM pg_stat_archiver")
    ).split("|");
    equal(failures, "0", "no attempt to archive failed");
    if (done >= segment) return;
    ok(Date.now() < deadline, `${segment} is not archived, ${done} was the last`);
    await sleep(200);
  }
}
