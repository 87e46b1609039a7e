/**
 * `seal-existing` killed outright ten times while clients write, overwrite and delete: in the end the store's own files hold no plaintext,
 * every object is what was last acknowledged, and `unseal` brings the very bytes back.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { type Bucket, getObject, putInParts, putObject } from "../clients/objects.ts";
import { s3ClientOf } from "../clients/s3-client.ts";
import { type OneProcessGateway, startGateway } from "../gateway.ts";
import { startBackend } from "../servers/backends.ts";
import { startDevStoreProcess } from "../servers/dev-store.ts";
import type { S3Server } from "../servers/s3-server.ts";
import { type TappedBackend, tapBackend } from "../servers/tapped-backend.ts";

const KILLS = 10;
const OBJECTS = 320;
const WRITERS = 4;
const MARK = "THIS-IS-WHAT-A-CLIENT-WROTE";
const SIZES = [0, 1, 900, 4000, 70_000, 300_000];
const LARGE = 1_500_000;
const PART = 5 * 1024 * 1024;

/** Stores that hold to If-Match until they commit, so that writers need not be stopped. */
const STORES: readonly { name: string; start: () => Promise<S3Server> }[] = [
  { name: "dev-store", start: startDevStoreProcess },
  { name: "minio", start: () => startBackend("minio") },
];

/** Bytes of which every kilobyte holds the mark, and no two are alike. */
function content(size: number): Buffer {
  const bytes = randomBytes(size);
  for (let at = 0; at + MARK.length <= size; at += 1024) bytes.write(MARK, at);
  return bytes;
}

/** Files below a folder that hold the mark. What the store puts away meanwhile is not there. */
async function filesWithMark(folder: string): Promise<string[]> {
  const found: string[] = [];
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await filesWithMark(path)));
    else if ((await readFile(path).catch(() => Buffer.alloc(0))).includes(MARK)) found.push(path);
  }
  return found;
}

for (const { name, start } of STORES) {
  describe(`seal-existing on ${name}, killed under writers`, () => {
    const stack = new AsyncDisposableStack();
    /** What a client was last told that it wrote; undefined: that it deleted. */
    const acknowledged = new Map<string, Buffer | undefined>();
    let backend: S3Server;
    let tap: TappedBackend;
    let gateway: OneProcessGateway;
    let at: Bucket;
    let behind: Bucket;

    before(async () => {
      backend = stack.use(await start());
      tap = stack.use(await tapBackend(backend));
      const policies = [{ id: "old", buckets: ["old"], contents: "mixed" }];
      gateway = stack.use(await startGateway({ backend: tap, policies }));
      at = { s3: s3ClientOf(gateway), bucket: "old" };
      behind = { s3: s3ClientOf(backend), bucket: "old" };
      stack.defer(() => at.s3.destroy());
      stack.defer(() => behind.s3.destroy());
      await behind.s3.send(new CreateBucketCommand({ Bucket: "old" }));
      for (let n = 0; n < OBJECTS; n++) await putPlain(n);
      const parts = [content(PART), content(PART), content(700)];
      await putInParts(behind, "parts", parts);
      acknowledged.set("parts", Buffer.concat(parts));
    });
    after(() => stack.disposeAsync());

    /** Puts one past the gateway. */
    async function putPlain(n: number): Promise<void> {
      const size = n % 40 === 7 ? LARGE : (SIZES[n % SIZES.length] ?? 0);
      const Body = content(size);
      const Key = keyOf(n);
      const Tagging = n % 10 === 3 ? "a=1" : undefined;
      const Metadata = { n: `${n}` };
      await behind.s3.send(new PutObjectCommand({ Bucket: "old", Key, Body, Metadata, Tagging }));
      acknowledged.set(Key, Body);
    }

    function keyOf(n: number): string {
      return `dir ${n % 7}/object-${n}`;
    }

    /** Changes the keys that are one writer's alone: every third object stays as it was before the gateway came. */
    async function write(writer: number, signal: AbortSignal): Promise<number> {
      let writes = 0;
      while (!signal.aborted) {
        const n = randomInt(OBJECTS / WRITERS) * WRITERS + writer;
        if (n % 3 === 0) continue;
        const Key = keyOf(n);
        if (randomInt(8) === 0) {
          await at.s3.send(new DeleteObjectCommand({ Bucket: "old", Key }));
          acknowledged.set(Key, undefined);
        } else {
          const body = content(SIZES[randomInt(SIZES.length)] ?? 0);
          await putObject(at, Key, { body });
          acknowledged.set(Key, body);
        }
        writes += 1;
        await sleep(5);
      }
      return writes;
    }

    /** Kills the job as soon as the store has answered so many writes, whoever made them. False: it came to its end before. */
    async function killedAfter(writes: number): Promise<boolean> {
      const job = await gateway.startCommand(["seal-existing", "--rate", "150", "old"]);
      let left = writes;
      tap.onAnswer = async ({ method }) => {
        left -= method === "PUT" ? 1 : 0;
        if (left > 0 || !job.isRunning()) return;
        process.kill(job.pid, "SIGKILL");
        await job.exited;
      };
      const code = await job.exited;
      tap.onAnswer = async () => undefined;
      if (code !== "SIGKILL") equal(code, 0, job.logTail());
      return code === "SIGKILL";
    }

    async function isGone(key: string): Promise<boolean> {
      const asked = { Bucket: "old", Key: key };
      const answer = await at.s3
        .send(new HeadObjectCommand(asked))
        .catch((error: unknown) => error);
      return answer instanceof Error && answer.name === "NotFound";
    }

    async function allAsAcknowledged(of: Bucket): Promise<void> {
      for (const [key, body] of acknowledged) {
        if (body === undefined) ok(await isGone(key), `${key} is back`);
        else ok((await getObject(of, key)).equals(body), `${key} is not what was written`);
      }
    }

    async function tagsOf(s3: S3Client): Promise<unknown[]> {
      const asked = { Bucket: "old", Key: keyOf(63) };
      return (await s3.send(new GetObjectTaggingCommand(asked))).TagSet ?? [];
    }

    it("leaves no plaintext and loses no write", async () => {
      ok((await filesWithMark(backend.folder ?? "")).length > 200);
      const stop = new AbortController();
      const writing = Array.from({ length: WRITERS }, (_, n) => write(n, stop.signal));
      let kills = 0;
      // Ever later, so that the job comes to the end of the bucket also when writers are quick.
      for (let tries = 0; kills < KILLS && tries < 3 * KILLS; tries++) {
        kills += (await killedAfter(6 + tries * 9)) ? 1 : 0;
      }
      const last = await gateway.runCommand(["seal-existing", "--rate", "5000", "old"]);
      stop.abort();
      const writes = await Promise.all(writing);
      equal(kills, KILLS);
      ok(
        writes.every((count) => count > 20),
        `${writes}`,
      );
      match(last, /^(?:old: [^\n:]*\n)+$/, "nothing was left or failed");
      await allAsAcknowledged(at);
      deepEqual(await tagsOf(at.s3), [{ Key: "a", Value: "1" }]);
      // What was replaced is put away a little later (MinIO's trash).
      let left = await filesWithMark(backend.folder ?? "");
      for (let tries = 0; left.length > 0 && tries < 120; tries++) {
        await sleep(1000);
        left = await filesWithMark(backend.folder ?? "");
      }
      deepEqual(left, []);
      const opened = await gateway.runCommand(["verify", "old"]);
      match(opened, /^(?:old: \d+ opened\n)+$/);
    });

    it("brings the very bytes back with unseal, killed as well", async () => {
      let answers = 0;
      const job = await gateway.startCommand(["unseal", "--confirm", "--rate", "200", "old"]);
      tap.onAnswer = async ({ method }) => {
        answers += method === "PUT" ? 1 : 0;
        if (answers !== 40 || !job.isRunning()) return;
        process.kill(job.pid, "SIGKILL");
        await job.exited;
      };
      equal(await job.exited, "SIGKILL");
      tap.onAnswer = async () => undefined;
      await allAsAcknowledged(at);
      const report = await gateway.runCommand(["unseal", "--confirm", "--rate", "5000", "old"]);
      match(report, /^(?:old: [^\n:]*\n)+$/);
      await allAsAcknowledged(behind);
      await allAsAcknowledged(at);
      const { Metadata } = await behind.s3.send(
        new HeadObjectCommand({ Bucket: "old", Key: keyOf(63) }),
      );
      deepEqual(Metadata, { n: "63" });
      deepEqual(await tagsOf(behind.s3), [{ Key: "a", Value: "1" }]);
    });
  });
}
