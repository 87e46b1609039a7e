/** restic through the gateway: two snapshots of a tree, every byte checked, the older one pruned, the newer one restored. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { hash, randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Bucket } from "../clients/objects.ts";
import { s3ClientOf } from "../clients/s3-client.ts";
import { scanBucket } from "../clients/stored-objects.ts";
import { startGateway } from "../gateway.ts";
import { runToEnd } from "../servers/child.ts";
import { findProgram, makeScratch } from "../servers/place.ts";
import { makeTestPki } from "../servers/test-pki.ts";
import { startVersitygw } from "../servers/versitygw.ts";

const BUCKET = "restic";
const MIB = 1024 * 1024;
/** restic seals everything itself but this: how its own key is made from the password. */
const SECRET = '"kdf":"scrypt"';

for (const hasTls of [false, true]) {
  describe(`restic over ${hasTls ? "TLS" : "HTTP"}`, () => {
    const servers = new AsyncDisposableStack();
    let behind: Bucket;
    let folder: string;
    let tree: string;
    let restic: (...args: string[]) => Promise<string>;

    before(async () => {
      const scratch = servers.use(await makeScratch("restic"));
      folder = scratch.folder;
      tree = join(folder, "tree");
      const pki = await makeTestPki(folder);
      const backend = servers.use(await startVersitygw());
      const gateway = servers.use(
        await startGateway({ backend, ...(hasTls ? { tls: pki.server } : {}) }),
      );
      const program = findProgram("restic", "restic");
      const env = {
        HOME: folder,
        RESTIC_REPOSITORY: `s3:${gateway.endpoint}/${BUCKET}/repository`,
        RESTIC_PASSWORD: "restic-password",
        AWS_ACCESS_KEY_ID: gateway.accessKey,
        AWS_SECRET_ACCESS_KEY: gateway.secretKey,
        AWS_DEFAULT_REGION: gateway.region,
      };
      restic = (...args) =>
        runToEnd({ program, args: ["--cacert", pki.ca, "--no-cache", ...args], env });
      const s3 = s3ClientOf(backend);
      servers.defer(() => s3.destroy());
      behind = { s3, bucket: BUCKET };
    });
    after(() => servers.disposeAsync());

    it("makes a repository and takes two snapshots of a tree that changes", async () => {
      await restic("init");
      await fillTree(tree);
      await restic("backup", tree);
      await rm(join(tree, "large-0"));
      await writeFile(join(tree, "large-1"), randomBytes(40 * MIB));
      await writeFile(join(tree, "small", "file-0"), "changed");
      await restic("backup", tree);
    });

    it("reads every byte back and finds it whole", async () => {
      match(await restic("check", "--read-data"), /no errors were found/);
    });

    it("prunes what the older snapshot alone needed", async (t) => {
      const storedBefore = await scanBucket(behind, SECRET);
      const said = await restic("forget", "--keep-last", "1", "--prune");
      match(said, /removing \d+ old packs/);
      const stored = await scanBucket(behind, SECRET);
      const mib = [storedBefore, stored].map(({ bytes }) => (bytes / MIB).toFixed(0));
      t.diagnostic(`${mib.join(" MiB, then ")} MiB on the backend`);
      ok(storedBefore.bytes - stored.bytes > 50 * MIB, "the removed files are gone");
      match(await restic("check", "--read-data"), /no errors were found/);
    });

    it("restores the newer snapshot byte for byte", async () => {
      const restored = join(folder, "restored");
      await restic("restore", "latest", "--target", restored);
      const [seen, wanted] = [await treeDigests(join(restored, tree)), await treeDigests(tree)];
      equal(Object.keys(wanted).length, 302);
      deepEqual(seen, wanted);
    });

    it("left nothing readable on the backend", async () => {
      const found = await scanBucket(behind, SECRET);
      ok(found.objects > 5);
      deepEqual(found.holding, []);
      deepEqual(found.unsealed, []);
    });
  });
}

async function fillTree(tree: string): Promise<void> {
  await mkdir(join(tree, "small"), { recursive: true });
  for (let n = 0; n < 3; n++) await writeFile(join(tree, `large-${n}`), randomBytes(40 * MIB));
  for (let n = 0; n < 300; n++) {
    await writeFile(join(tree, "small", `file-${n}`), randomBytes(n * 100));
  }
}

/** SHA-256 of every file by its path within the folder. */
async function treeDigests(folder: string): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const path of (await readdir(folder, { recursive: true })).sort()) {
    const file = join(folder, path);
    if ((await stat(file)).isFile()) digests[path] = hash("sha256", await readFile(file));
  }
  return digests;
}
