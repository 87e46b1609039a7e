/** pgBackRest with PostgreSQL 15 through the gateway, over TLS as it demands: full and incremental backup, then a crash and a restore. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { type Bucket, keysOf } from "../clients/objects.ts";
import {
  addLater,
  assertRestored,
  assertSecret,
  lastDigests,
  makeTables,
} from "../clients/postgres-rows.ts";
import { s3ClientOf } from "../clients/s3-client.ts";
import { type Gateway, startGateway } from "../gateway.ts";
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

const BUCKET = "pgbackrest";

/** A backup as `pgbackrest info` tells of it. */
interface Backup {
  readonly label: string;
  readonly type: string;
  readonly error: boolean;
}

describe("pgBackRest", () => {
  const servers = new AsyncDisposableStack();
  const program = findProgram("pgbackrest", "pgbackrest");
  let behind: Bucket;
  let place: PostgresPlace;
  let configFile: string;
  let primary: Postgres;
  let last: string;

  before(async () => {
    const backend = servers.use(await startVersitygw());
    place = servers.use(await makePostgresPlace());
    const pki = await makeTestPki(place.folder);
    const gateway = servers.use(await startGateway({ backend, tls: pki.server }));
    configFile = await writeConfig(place, gateway, pki.ca);
    const s3 = s3ClientOf(backend);
    servers.defer(() => s3.destroy());
    behind = { s3, bucket: BUCKET };
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  });
  after(() => servers.disposeAsync());

  const pgbackrest = (...args: string[]) =>
    place.run(program, [`--config=${configFile}`, "--stanza=main", ...args]);

  /** Where the cluster is reached, which is known once it runs. */
  const at = () => [`--pg1-port=${primary.port}`, `--pg1-socket-path=${primary.host}`];

  const backups = async (): Promise<Backup[]> => {
    const [stanza] = JSON.parse(await pgbackrest("--output=json", "info")) as {
      backup: Backup[];
    }[];
    return stanza?.backup ?? [];
  };

  it("archives the WAL and takes a full and an incremental backup", async () => {
    const folder = await makeCluster(place, "primary", [
      "archive_mode = on",
      `archive_command = '${program} --config=${configFile} --stanza=main archive-push %p'`,
    ]);
    primary = servers.use(await startPostgres(place, folder));
    await pgbackrest(...at(), "stanza-create");
    await pgbackrest(...at(), "check");
    await makeTables(primary);
    await pgbackrest(...at(), "--type=full", "--start-fast", "backup");
    await addLater(primary, 1, 50_000);
    await pgbackrest(...at(), "--type=incr", "--start-fast", "backup");
    await addLater(primary, 2, 50_000);
    last = await lastDigests(primary, 100_000);
    // Waits until the segment that ends here is in the archive.
    await pgbackrest(...at(), "check");
    equal(await primary.query("SELECT failed_count FROM pg_stat_archiver"), "0");
    await primary.crash();
  });

  it("finds every file of the repository whole", async () => {
    match(await pgbackrest("--output=text", "--verbose", "verify"), /status: ok/i);
    deepEqual(
      (await backups()).map(({ type, error }) => [type, error]),
      [
        ["full", false],
        ["incr", false],
      ],
    );
  });

  it("restores the incremental backup and replays the WAL up to the last row", async (t) => {
    const folder = await place.makeFolder("restored");
    await pgbackrest(`--pg1-path=${folder}`, "--archive-mode=off", "restore");
    await using restored = await startPostgres(place, folder);
    await assertRestored(t, restored, last);
  });

  it("left nothing readable on the backend", async (t) => {
    await assertSecret(t, behind);
  });

  it("deletes a backup that it is told has expired, and nothing else", async () => {
    const [full = "", incremental = ""] = (await backups()).map(({ label }) => label);
    await pgbackrest(`--set=${incremental}`, "expire");
    deepEqual(
      (await backups()).map(({ label }) => label),
      [full],
    );
    const kept = await keysOf(behind, "repository/backup/main/");
    ok(kept.some((key) => key.includes(`/${full}/`)));
    deepEqual(
      kept.filter((key) => key.includes(`/${incremental}/`)),
      [],
    );
  });
});

/** Without compression, so that what it sends could be read if the gateway let it. */
async function writeConfig(place: PostgresPlace, gateway: Gateway, ca: string): Promise<string> {
  const file = join(place.folder, "pgbackrest.conf");
  const folder = await place.makeFolder("pgbackrest");
  const lines = [
    "[global]",
    "repo1-type=s3",
    "repo1-path=/repository",
    `repo1-s3-bucket=${BUCKET}`,
    "repo1-s3-endpoint=localhost",
    "repo1-s3-uri-style=path",
    `repo1-s3-region=${gateway.region}`,
    `repo1-s3-key=${gateway.accessKey}`,
    `repo1-s3-key-secret=${gateway.secretKey}`,
    `repo1-storage-port=${new URL(gateway.endpoint).port}`,
    `repo1-storage-ca-file=${ca}`,
    "repo1-retention-full=2",
    "compress-type=none",
    "process-max=2",
    "log-level-console=warn",
    "log-level-file=off",
    `lock-path=${folder}`,
    `spool-path=${folder}`,
    "[main]",
    `pg1-path=${join(place.folder, "primary")}`,
  ];
  await writeFile(file, `${lines.join("\n")}\n`, { mode: 0o644 });
  return file;
}
