/** PostgreSQL: a cluster of its own in a folder, on a Unix socket only. It refuses to run as root, so root runs it as another user. */
import { appendFile, chmod, chown, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Child, runToEnd, startChild, untilReady } from "./child.ts";
import { findProgram, freePort, makeScratch } from "./place.ts";

/** The system user of Debian's packages, which a test that runs as root takes for everything that touches a cluster; else undefined. */
const postgresUser = process.getuid?.() === 0 ? "postgres" : undefined;

/** Its user inside the database. */
const SUPERUSER = "postgres";
const START_TIMEOUT_MS = 120_000;

/** A folder that holds clusters and what their tools need; all in it belongs to `postgresUser`. */
export interface PostgresPlace extends AsyncDisposable {
  readonly folder: string;
  /** Runs a program as the owner of the clusters; `env` replaces the environment. Throws when it does not exit 0. */
  run(
    program: string,
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): Promise<string>;
  /** Makes a folder in it. */
  makeFolder(name: string): Promise<string>;
}

/** Makes a place for clusters. */
export async function makePostgresPlace(): Promise<PostgresPlace> {
  const scratch = await makeScratch("postgres");
  const { folder } = scratch;
  const own = async (path: string): Promise<void> => {
    if (postgresUser !== undefined) await chown(path, ...(await idsOf(postgresUser)));
  };
  await own(folder);
  return {
    folder,
    run: (program, args, env = {}) =>
      runToEnd({ program, args, cwd: folder, env: { HOME: folder, ...env }, user: postgresUser }),
    async makeFolder(name) {
      const path = join(folder, name);
      await mkdir(path, { mode: 0o700 });
      await own(path);
      return path;
    },
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  };
}

/** A running cluster. */
export interface Postgres extends AsyncDisposable {
  /** PGDATA. */
  readonly folder: string;
  /** Where clients connect: the folder of the socket, and the port that names it. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Runs SQL and returns what it prints, unaligned and without headers. */
  query(sql: string): Promise<string>;
  /** The last lines that it logged. */
  logTail(): string;
  /** Ends it at once, as a crash would. */
  crash(): Promise<void>;
}

/** Makes an empty cluster named `name` in the place; `settings` are lines for postgresql.conf. */
export async function makeCluster(
  place: PostgresPlace,
  name: string,
  settings: readonly string[],
): Promise<string> {
  const folder = join(place.folder, name);
  const args = ["-D", folder, "-U", SUPERUSER, "--auth=trust", "--no-sync", "--data-checksums"];
  await place.run(findProgram("initdb", "postgres"), args);
  await appendFile(join(folder, "postgresql.conf"), `${settings.join("\n")}\n`);
  return folder;
}

/** Starts the cluster in `folder`, and returns when it has ended its recovery; `env` is what its commands see. */
export async function startPostgres(
  place: PostgresPlace,
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Postgres> {
  const port = await freePort();
  await chmod(folder, 0o700);
  const child: Child = await startChild({
    program: findProgram("postgres", "postgres"),
    args: [
      ...["-D", folder, "-p", String(port), "-c", "listen_addresses="],
      ...["-c", `unix_socket_directories=${place.folder}`, "-c", "fsync=off"],
    ],
    cwd: place.folder,
    env: { HOME: place.folder, ...env },
    user: postgresUser,
  });
  const psql = findProgram("psql", "postgres");
  const query = async (sql: string): Promise<string> => {
    const at = ["-h", place.folder, "-p", String(port), "-U", SUPERUSER, "-d", "postgres"];
    const printed = await place.run(psql, [...at, "-X", "-q", "-A", "-t", "-c", sql]);
    return printed.trim();
  };
  await untilReady("postgres", [child], {
    probe: async () => (await query("SELECT pg_is_in_recovery()")) === "f",
    timeoutMs: START_TIMEOUT_MS,
  });
  return {
    folder,
    host: place.folder,
    port,
    user: SUPERUSER,
    query,
    logTail: child.logTail,
    async crash() {
      process.kill(child.pid, "SIGKILL");
      await child.exited;
    },
    [Symbol.asyncDispose]: child.stop,
  };
}

/** What every row of every user table says, as one digest for each table. */
export async function tableDigests({ query }: Postgres): Promise<string> {
  const tables = await query(
    "SELECT quote_ident(relname) FROM pg_stat_user_tables ORDER BY relname",
  );
  const digests = tables
    .split("\n")
    .map(
      (table) =>
        `SELECT '${table}', count(*), md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM ${table} t`,
    );
  return await query(digests.join(" UNION ALL "));
}

async function idsOf(user: string): Promise<[uid: number, gid: number]> {
  const id = (flag: string) => runToEnd({ program: "id", args: [flag, user] }).then(Number);
  return [await id("-u"), await id("-g")];
}
