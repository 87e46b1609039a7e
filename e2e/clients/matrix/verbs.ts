/** The operations of a client that moves single files and lists them, made from its verbs. */
import { deepEqual, equal } from "node:assert/strict";
import { hash } from "node:crypto";
import { readFile, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { Agent, type Dispatcher, request } from "undici";
import type { Operation, Session, Site } from "./operations.ts";
import { fileDigest, type Sample, treeDigests, writePattern } from "./samples.ts";
import { type Syncing, syncByHand } from "./sync-by-hand.ts";

const LONG_AGO = new Date("2026-01-01T00:00:00Z");

/** What a client can do, by file and key; none retries on behalf of the test. */
export interface Verbs {
  upload(file: string, key: string): Promise<unknown>;
  download(key: string, file: string): Promise<unknown>;
  /** Key → size in bytes, of all keys below a prefix that ends with a slash. */
  list(prefix: string): Promise<Map<string, number>>;
  copy(from: string, to: string): Promise<unknown>;
  remove(key: string): Promise<unknown>;
  /** A URL that lets anybody GET the object; or why there is none. */
  readonly presign: ((key: string) => Promise<string>) | string;
  /** Keys that it makes no URL for, and why. */
  readonly neverPresigned?: { readonly keys: RegExp; readonly why: string };
  /** A URL that lets anybody PUT the object, where the client can make one. */
  presignUpload?(key: string): Promise<string>;
  /** Makes prefix and folder equal; without, the test does it by listing. */
  readonly sync?: Syncing;
}

/** The seven operations, each compared byte by byte with the samples. */
export function operationsOf(site: Site, verbs: Verbs): Session["operations"] {
  const { samples, witness } = site;
  const wanted = digestsByKey(samples);
  return {
    async upload() {
      for (const { file, key } of samples) await verbs.upload(file, `up/${key}`);
      deepEqual(await witness.digests("up/"), wanted);
    },
    async download() {
      for (const { key, sha256 } of samples) {
        const file = join(site.folder, "downloaded");
        await verbs.download(`up/${key}`, file);
        equal(await fileDigest(file), sha256, `download of ${key}`);
        await rm(file);
      }
    },
    async list() {
      const sizes = samples.map(({ key, size }) => [`up/${key}`, size] as const);
      deepEqual(sorted(await verbs.list("up/")), sorted(new Map(sizes)));
    },
    async copy() {
      for (const { key } of samples) await verbs.copy(`up/${key}`, `copied/${key}`);
      deepEqual(await witness.digests("copied/"), wanted);
    },
    sync: () => checkSync(site, verbs),
    presign: presignOf(site, verbs),
    async delete() {
      for (const { key } of samples) {
        await verbs.remove(`up/${key}`);
        await verbs.remove(`copied/${key}`);
      }
      deepEqual([...(await witness.etags("up/")).keys()], []);
      deepEqual([...(await witness.etags("copied/")).keys()], []);
    },
  };
}

/** What to say of a client that has no sync of its own, or makes URLs for some keys only. */
export function remarksOf({ sync, neverPresigned }: Verbs): Partial<Record<Operation, string>> {
  return {
    ...(sync ? {} : { sync: "no sync of its own: by listing, uploads and deletions" }),
    ...(neverPresigned ? { presign: neverPresigned.why } : {}),
  };
}

/** Up, up again with nothing to do, up with a change, an addition and a deletion, and down. */
async function checkSync({ folder, witness }: Site, verbs: Verbs): Promise<void> {
  const tree = join(folder, "tree");
  const sync = verbs.sync ?? syncByHand(verbs);
  const sizes = {
    "plain.txt": 11,
    "sub/space and+plus.bin": 65_537,
    "sub/gone": 3,
    "ümlaut/big": 9_000_001,
  };
  for (const [n, [name, size]] of Object.entries(sizes).entries()) {
    await writePattern(join(tree, name), size, n);
    // Older than what is uploaded, by more than clocks and whole seconds can hide.
    await utimes(join(tree, name), LONG_AGO, LONG_AGO);
  }
  const check = async () => deepEqual(await witness.digests("synced/"), await treeDigests(tree));
  await sync.up(tree, "synced");
  await check();
  const etags = await witness.etags("synced/");
  await sync.up(tree, "synced");
  deepEqual(await witness.etags("synced/"), etags, "sync wrote again what was equal");
  await rm(join(tree, "sub/gone"));
  await writePattern(join(tree, "plain.txt"), 12, 7);
  await writePattern(join(tree, "sub/new"), 13, 8);
  await sync.up(tree, "synced");
  await check();
  const down = join(folder, "tree-down");
  await sync.down("synced", down);
  deepEqual(await treeDigests(down), await treeDigests(tree));
}

function presignOf(
  { caFile, samples, witness }: Site,
  verbs: Verbs,
): Session["operations"]["presign"] {
  const { presign } = verbs;
  if (typeof presign === "string") return presign;
  return async () => {
    await using agent = await agentOf(caFile);
    const { neverPresigned } = verbs;
    const signed = samples.filter(({ key }) => !neverPresigned?.keys.test(key));
    for (const { key, sha256 } of signed) {
      const bytes = await answerOf(await presign(`up/${key}`), { dispatcher: agent });
      equal(hash("sha256", bytes), sha256, `presigned GET of ${key}`);
    }
    if (!verbs.presignUpload) return;
    const small = samples.filter(({ size }) => size < 1_000_000);
    for (const { key, file } of small) {
      const url = await verbs.presignUpload(`presigned/${key}`);
      const body = await readFile(file);
      await answerOf(url, { dispatcher: agent, method: "PUT", body });
    }
    deepEqual(await witness.digests("presigned/"), digestsByKey(small));
  };
}

interface ClosableAgent extends AsyncDisposable, Dispatcher {}

async function agentOf(caFile: string | undefined): Promise<ClosableAgent> {
  const connect = caFile === undefined ? {} : { ca: await readFile(caFile, "utf8") };
  const agent = new Agent({ connect });
  return Object.assign(agent, { [Symbol.asyncDispose]: () => agent.close() });
}

async function answerOf(
  url: string,
  options: NonNullable<Parameters<typeof request>[1]>,
): Promise<Buffer> {
  const { statusCode, body } = await request(url, options);
  const bytes = Buffer.from(await body.arrayBuffer());
  if (statusCode !== 200) throw new Error(`${url}: ${statusCode} ${bytes.toString()}`);
  return bytes;
}

function digestsByKey(samples: readonly Sample[]): Map<string, string> {
  return sorted(new Map(samples.map(({ key, sha256 }) => [key, sha256])));
}

/** In the order of the keys' UTF-8 bytes, as S3 lists them. */
function sorted<T>(map: Map<string, T>): Map<string, T> {
  return new Map([...map].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
}
