/** A crypto worker is killed outright while requests stream through it: what was acknowledged is there, and nothing half-written. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { hash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CreateBucketCommand, NoSuchKey } from "@aws-sdk/client-s3";
import {
  type Bucket,
  getObject,
  isWorthAnotherTry,
  keysOf,
  putObject,
  randomContent,
} from "../clients/objects.ts";
import { s3ClientOf } from "../clients/s3-client.ts";
import { type DistributedGateway, startDistributed } from "../gateway.ts";
import { backendNames, startBackend } from "../servers/backends.ts";

const BUCKET = "worker-loss";
const PARALLEL = 200;
const KILL_AFTER = 40;
const RECOVERY_MS = 10_000;
const KIB = 1024;
const SIZES = [0, 1, 64 * KIB - 1, 64 * KIB + 1, 300 * KIB, 1024 * KIB, 3 * 1024 * KIB];

/** What one key held before, and what a PUT tries to put there. */
interface Tried {
  readonly key: string;
  readonly before: string | undefined;
  readonly after: string;
  readonly isAcknowledged: boolean;
}

const sizeOf = (n: number) => SIZES[n % SIZES.length] ?? 0;

for (const name of backendNames) {
  describe(`200 requests at once on ${name} while one of two crypto workers is killed`, () => {
    const servers = new AsyncDisposableStack();
    let gateway: DistributedGateway;
    let bucket: Bucket;
    const old = new Map<string, string>();
    const tried: Tried[] = [];

    before(async () => {
      const backend = servers.use(await startBackend(name));
      gateway = servers.use(await startDistributed({ backend }));
      const s3 = s3ClientOf(gateway, PARALLEL);
      servers.defer(() => s3.destroy());
      bucket = { s3, bucket: BUCKET };
      await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
      for (let n = 0; n < SIZES.length * 3; n++) {
        const { body, sha256 } = randomContent(sizeOf(n));
        await putObject(bucket, `old-${n}`, { body });
        old.set(`old-${n}`, sha256);
      }
    });
    after(() => servers.disposeAsync());

    it("answers each right, or with an error that says to try again", async (t) => {
      let ended = 0;
      let underWay = 0;
      const wrong: string[] = [];
      const failures: unknown[] = [];
      const end = () => {
        ended += 1;
        if (ended !== KILL_AFTER) return;
        underWay = PARALLEL - ended;
        process.kill(gateway.roles.crypto[0] ?? 0, "SIGKILL");
      };
      const get = async (n: number): Promise<void> => {
        const key = `old-${n % SIZES.length}`;
        const body = await getObject(bucket, key);
        if (hash("sha256", body) !== old.get(key))
          wrong.push(`GET ${key}: ${body.byteLength} bytes`);
      };
      const put = async (n: number): Promise<void> => {
        // Every third overwrites an object that no GET asks for.
        const key =
          n % 3 === 0 ? `old-${SIZES.length + ((n / 3) % (2 * SIZES.length))}` : `new-${n}`;
        const { body, sha256 } = randomContent(sizeOf(n));
        const isAcknowledged = await putObject(bucket, key, { body }).then(
          () => true,
          (error: unknown) => {
            failures.push(error);
            return false;
          },
        );
        tried.push({ key, before: old.get(key), after: sha256, isAcknowledged });
      };
      const one = (n: number) =>
        (n < PARALLEL / 2 ? get(n) : put(n - PARALLEL / 2))
          .catch((error: unknown) => failures.push(error))
          .finally(end);
      // Uploads and downloads take turns, so that both are under way when the worker goes.
      const order = Array.from({ length: PARALLEL }, (_, n) => (n >> 1) + (n % 2) * (PARALLEL / 2));
      await Promise.all(order.map(one));
      t.diagnostic(`${underWay} under way at the kill, ${failures.length} failed`);
      ok(underWay > PARALLEL / 2, "the worker went in the middle");
      deepEqual(wrong, []);
      deepEqual(failures.filter((error) => !isWorthAnotherTry(error)).map(String), []);
    });

    it("kept what it acknowledged, and shows nothing half-written", async () => {
      await recovered(bucket);
      const listed = new Set(await keysOf(bucket));
      for (const { key, before: held, isAcknowledged } of tried) {
        const seen = await getObject(bucket, key).then(
          (body) => hash("sha256", body),
          (error: unknown) => {
            if (error instanceof NoSuchKey) return undefined;
            throw error;
          },
        );
        const others = tried.filter((other) => other.key === key);
        // Of several writers of one key any may be the last; without an acknowledgement the old object may still be there.
        const mayBe = others.map((other) => other.after);
        if (!others.some((other) => other.isAcknowledged)) mayBe.push(held ?? "absent");
        ok(mayBe.includes(seen ?? "absent"), `${key} is ${seen}`);
        equal(listed.has(key), seen !== undefined, `${key} in the listing`);
        ok(!isAcknowledged || seen !== undefined, `${key} was acknowledged`);
      }
      for (const key of listed) await getObject(bucket, key);
    });

    it("goes on with the worker that is left", async () => {
      const kept = randomContent(300 * KIB);
      for (let n = 0; n < 20; n++) {
        await putObject(bucket, `later-${n}`, kept);
        equal(hash("sha256", await getObject(bucket, `later-${n}`)), kept.sha256);
      }
    });
  });
}

/** Waits until ten requests in a row go well: until then the table of workers may still name the dead one. */
async function recovered(bucket: Bucket): Promise<void> {
  const deadline = Date.now() + RECOVERY_MS;
  let inRow = 0;
  while (inRow < 10) {
    const isGood = await getObject(bucket, "old-0").then(
      () => true,
      (error: unknown) => {
        if (Date.now() > deadline) throw error;
        return false;
      },
    );
    inRow = isGood ? inRow + 1 : 0;
    if (!isGood) await sleep(100);
  }
}
