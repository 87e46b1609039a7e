/**
 * restic: a repository of encrypted packs. It knows no single objects, so upload is init and backup, download is check and restore, sync a
 * second snapshot, copy a copy of the snapshots to a second repository, delete forget and prune.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { findProgram } from "../servers/place.ts";
import type { MatrixClient, Session, Site } from "./matrix/operations.ts";
import { treeDigests, writePattern } from "./matrix/samples.ts";
import { runTool } from "./matrix/tool.ts";

const FOLDER_SIZES = { empty: 0, "one byte": 1, "grüße.bin": 8 * 1024 * 1024 + 1 };
const LARGE_BYTES = 65 * 1024 * 1024 + 7;

/** The client of the matrix. */
export const restic: MatrixClient = {
  name: "restic",
  async open(site) {
    const run = resticOf(site);
    const version = (await run("version")).split(" ")[1] ?? "";
    const operations = operationsOf(site, run);
    return { version, operations, [Symbol.asyncDispose]: async () => {} };
  },
};

type Restic = (...args: readonly string[]) => Promise<string>;

function resticOf({ server, caFile, bucket, folder }: Site): Restic {
  const program = findProgram("restic", "restic");
  const repository = `s3:${server.endpoint}/${bucket}/repository`;
  const env = {
    AWS_ACCESS_KEY_ID: server.accessKey,
    AWS_SECRET_ACCESS_KEY: server.secretKey,
    AWS_DEFAULT_REGION: server.region,
    RESTIC_REPOSITORY: repository,
    RESTIC_PASSWORD: "password of the repository",
    RESTIC_FROM_PASSWORD: "password of the repository",
    RESTIC_CACHE_DIR: join(folder, "cache"),
  };
  const trust = caFile === undefined ? [] : ["--cacert", caFile];
  return (...args) => runTool(program, ["--quiet", ...trust, ...args], { env });
}

function operationsOf(site: Site, run: Restic): Session["operations"] {
  const { server, bucket, folder, witness } = site;
  const tree = join(folder, "tree");
  const snapshots = async (...where: string[]) =>
    JSON.parse(await run("snapshots", "--json", ...where)) as { id: string }[];
  const restore = async (...where: string[]): Promise<void> => {
    const target = join(folder, `restored-${await snapshots().then(({ length }) => length)}`);
    await mkdir(target, { recursive: true });
    await run("restore", "latest", "--target", target, ...where);
    deepEqual(await treeDigests(join(target, tree)), await treeDigests(tree));
  };
  const second = ["--repo", `s3:${server.endpoint}/${bucket}/second`];
  return {
    async upload() {
      for (const [n, [name, size]] of Object.entries(FOLDER_SIZES).entries()) {
        await writePattern(join(tree, "a b", name), size, n);
      }
      await writePattern(join(tree, "large"), LARGE_BYTES, 9);
      await run("init");
      await run("backup", "--compression", "off", tree);
      const { size } = await witness.etags("repository/data/");
      ok(size > 0, "no pack was stored");
    },
    async download() {
      await run("check", "--read-data");
      await restore();
    },
    async list() {
      equal((await snapshots()).length, 1);
      const packs = await witness.etags("repository/data/");
      const listed = (await run("list", "packs")).trim().split("\n");
      deepEqual(listed.sort(), [...packs.keys()].map((key) => basename(key)).sort());
      const files = (await run("ls", "latest")).trim().split("\n");
      for (const name of (await treeDigests(tree)).keys()) ok(files.includes(join(tree, name)));
    },
    async copy() {
      const from = ["--from-repo", `s3:${server.endpoint}/${bucket}/repository`];
      await run("init", ...second, ...from, "--copy-chunker-params");
      await run("copy", ...second, ...from);
      await run("check", "--read-data", ...second);
      equal((await snapshots(...second)).length, 1);
    },
    async sync() {
      const before = await witness.etags("repository/data/");
      await writePattern(join(tree, "a b", "one byte"), 70_001, 3);
      await run("backup", "--compression", "off", tree);
      equal((await snapshots()).length, 2);
      const after = await witness.etags("repository/data/");
      for (const [pack, etag] of before) equal(after.get(pack), etag, "a pack was written again");
      await restore();
    },
    presign: "a backup program: it makes no URLs",
    async delete() {
      const before = await witness.etags("repository/");
      await run("forget", "--keep-last", "1", "--prune", "--max-unused", "0");
      equal((await snapshots()).length, 1);
      const after = await witness.etags("repository/");
      ok(
        [...before.keys()].some((key) => !after.has(key)),
        "nothing was deleted",
      );
      await run("check", "--read-data");
      await restore();
    },
  };
}
