/**
 * What is left of data keys when the work is done: nothing, in any process. Many objects are sealed, opened, copied and described by roles in
 * processes of their own; then the memory of each is searched for every key that was used, and for every key that follows from it.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { createHmac, hkdfSync } from "node:crypto";
import { type IncomingMessage, request } from "node:http";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { scanMemory } from "../attacks/process-memory.ts";
import { type Spellings, spellingsOfAll } from "../attacks/spellings.ts";
import { keysOfHeader, partKeysOf } from "../attacks/stored-keys.ts";
import {
  type Bucket,
  copyObject,
  getObject,
  metadataOf,
  putObject,
  randomContent,
} from "../clients/objects.ts";
import { s3ClientOf } from "../clients/s3-client.ts";
import { type DistributedGateway, startDistributed } from "../gateway.ts";
import { startBackend } from "../servers/backends.ts";

const BUCKET = "idle-secrecy";
const OBJECTS = 200;
const COPIES = 40;
const SIZES = [0, 1, 1000, 70_000, 300_000];
const BIG = "held back";
/** More than what lies between a reader that does not read and crypto: its key is in use until it lets go. */
const BIG_BYTES = 48 * 1024 * 1024;
const IDLE_TIMEOUT_MS = 90_000;

describe("roles in processes of their own, after many objects", () => {
  const servers = new AsyncDisposableStack();
  let gateway: DistributedGateway;
  let front: Bucket;
  let behind: Bucket;
  const uploadIds: string[] = [];
  let spellings: Spellings;

  before(async () => {
    const backend = servers.use(await startBackend("versitygw"));
    const policies = [{ id: "idle", buckets: [BUCKET], etag: "md5" }];
    gateway = servers.use(await startDistributed({ backend, policies }));
    const [s3, back] = [s3ClientOf(gateway), s3ClientOf(backend)];
    servers.defer(() => s3.destroy());
    servers.defer(() => back.destroy());
    [front, behind] = [
      { s3, bucket: BUCKET },
      { s3: back, bucket: BUCKET },
    ];
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    await atOnce(OBJECTS, async (n) => {
      const { body } = randomContent(SIZES[n % SIZES.length] ?? 0);
      await putObject(front, `object ${n}`, { body });
      ok((await getObject(front, `object ${n}`)).equals(body));
      if (body.byteLength > 0) await getObject(front, `object ${n}`, "bytes=0-0");
      if (n < COPIES) await copyObject(front, `object ${n}`, `copy ${n}`);
    });
    await s3.send(new ListObjectsV2Command({ Bucket: BUCKET }));
    await putObject(front, BIG, { body: randomContent(BIG_BYTES).body });
    uploadIds.push(await inParts("in parts", [5 * 1024 * 1024, 1000]), await inParts("never", []));
    spellings = await allKeys();
    ok(spellings.size > 9 * 6 * OBJECTS);
  });
  after(() => servers.disposeAsync());

  async function inParts(key: string, sizes: readonly number[]): Promise<string> {
    const where = { Bucket: BUCKET, Key: key };
    const { UploadId = "" } = await front.s3.send(new CreateMultipartUploadCommand(where));
    const Parts = [];
    for (const [at, size] of [...sizes, ...(sizes.length === 0 ? [70_000] : [])].entries()) {
      const part = { PartNumber: at + 1, Body: randomContent(size).body, UploadId };
      const { ETag } = await front.s3.send(new UploadPartCommand({ ...where, ...part }));
      Parts.push({ PartNumber: at + 1, ETag });
    }
    if (sizes.length === 0) {
      await front.s3.send(new AbortMultipartUploadCommand({ ...where, UploadId }));
    } else {
      const ending = { ...where, UploadId, MultipartUpload: { Parts } };
      await front.s3.send(new CompleteMultipartUploadCommand(ending));
      await getObject(front, key);
    }
    return UploadId;
  }

  /** Every spelling of the keys of an object, as whoever holds the KEK can tell them. */
  async function keysOf(key: string): Promise<[string, Buffer][]> {
    const { s3eg = "" } = await metadataOf(behind, key);
    const keys = keysOfHeader(s3eg, gateway.secrets.kek, { bucket: BUCKET, key });
    const named: [string, Buffer][] = [[`data key of ${key}`, keys.dataKey]];
    for (const [n, derived] of keys.derived.entries()) named.push([`key ${n} of ${key}`, derived]);
    if (key === "in parts") {
      const parts = partKeysOf(await getObject(behind, key), keys);
      equal(parts.length, 2);
      for (const [n, part] of parts.entries()) named.push([`key of part ${n + 1}`, part]);
    }
    return named;
  }

  async function allKeys(): Promise<Spellings> {
    const names = Array.from({ length: OBJECTS }, (_, n) => `object ${n}`);
    names.push(...Array.from({ length: COPIES }, (_, n) => `copy ${n}`), "in parts", BIG);
    const secrets: [string, Buffer][] = [];
    for (const name of names) secrets.push(...(await keysOf(name)));
    const stateKey = Buffer.from(
      hkdfSync("sha256", gateway.secrets.keysSecret, "", "s3eg/state/1", 32),
    );
    for (const id of uploadIds) {
      const mac = createHmac("sha256", stateKey).update("s3eg/state/1/key").update(id);
      secrets.push([`state key of ${id}`, mac.digest()]);
    }
    return spellingsOfAll(secrets);
  }

  it("crypto holds the key of an object that is being read", async (t) => {
    const url = await getSignedUrl(front.s3, new GetObjectCommand({ Bucket: BUCKET, Key: BIG }));
    const asking = request(url, { agent: false }).end();
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      asking.once("response", resolve).once("error", reject);
    });
    equal(response.statusCode, 200);
    // A little now and then, for a reader that takes nothing is sent away.
    const reading = setInterval(() => void response.read(), 1000);
    const { found } = await scanAll(gateway.roles.crypto, spellingsOfAll(await keysOf(BIG)));
    clearInterval(reading);
    t.diagnostic([...found].join(", "));
    ok(found.has(`data key of ${BIG}, raw`) || found.has(`key 2 of ${BIG}, raw`));
    asking.destroy();
  });

  for (const role of ["crypto", "keys", "edge", "audit"] as const) {
    it(`${role} holds none once it is idle`, async (t) => {
      const deadline = Date.now() + IDLE_TIMEOUT_MS;
      for (;;) {
        const { found, bytes } = await scanAll(gateway.roles[role], spellings);
        t.diagnostic(
          `${Math.round(bytes / 2 ** 20)} MiB for ${spellings.size} spellings: ${found.size} found`,
        );
        if (found.size === 0) return;
        if (Date.now() > deadline) deepEqual([...found].slice(0, 20), []);
        await sleep(3000);
      }
    });
  }
});

async function scanAll(
  pids: readonly number[],
  spellings: Spellings,
): Promise<{ found: Set<string>; bytes: number }> {
  const found = new Set<string>();
  let bytes = 0;
  for (const pid of pids) {
    const scan = await scanMemory(pid, spellings);
    ok(scan.scannedBytes > 30 * 2 ** 20, "too little of its memory could be read");
    bytes += scan.scannedBytes;
    for (const name of scan.found) found.add(name);
  }
  return { found, bytes };
}

async function atOnce(count: number, work: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}
