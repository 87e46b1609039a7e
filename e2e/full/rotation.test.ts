/**
 * Rotation as an operator does it: two more versions of the key are introduced and every object re-wrapped while twenty clients read and
 * write. On a real store, with the traffic to it counted.
 */
import { match, ok, rejects } from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { aesVersions } from "../aes-versions.ts";
import { type Bucket, getObject, putInParts, putObject } from "../clients/objects.ts";
import { s3ClientOf } from "../clients/s3-client.ts";
import { type OneProcessGateway, startGateway } from "../gateway.ts";
import { startBackend } from "../servers/backends.ts";
import { type CountedBackend, countBackend } from "../servers/counted-backend.ts";
import { startDevStoreProcess } from "../servers/dev-store.ts";
import type { S3Server } from "../servers/s3-server.ts";

const CLIENTS = 20;
const KEYS_EACH = 3;
const KIB = 1024;
const PART = 6 * KIB * KIB;
const BIG = randomBytes(11 * KIB * KIB);

/** Stores, and whether they heed a condition on what a copy overwrites: where they do not, nobody may write during a re-wrap. */
const STORES: readonly { name: string; heeds: boolean; start: () => Promise<S3Server> }[] = [
  { name: "dev-store", heeds: true, start: startDevStoreProcess },
  { name: "versitygw", heeds: false, start: () => startBackend("versitygw") },
  { name: "minio", heeds: false, start: () => startBackend("minio") },
];

for (const { name, heeds, start } of STORES) {
  describe(`rotation on ${name}`, () => {
    const stack = new AsyncDisposableStack();
    const bucket = "rotated";
    let backend: CountedBackend;
    let gateway: OneProcessGateway;
    let at: Bucket;
    before(async () => {
      backend = stack.use(await countBackend(stack.use(await start())));
      gateway = stack.use(await startGateway({ backend, env: aesVersions(3) }));
      const s3 = s3ClientOf(gateway);
      stack.defer(() => s3.destroy());
      at = { s3, bucket };
      await s3.send(new CreateBucketCommand({ Bucket: bucket }));
    });
    after(() => stack.disposeAsync());

    const rewrap = (...args: string[]) =>
      gateway.runCommand(["rewrap", ...(heeds ? [] : ["--no-writers"]), ...args, bucket]);

    it("fails no read and loses no write of twenty clients", async () => {
      const last = new Map<string, Buffer>();
      const write = async (key: string): Promise<void> => {
        const body = randomBytes(2 * KIB);
        await putObject(at, key, { body });
        last.set(key, body);
      };
      const all = Array.from({ length: CLIENTS }, (_, n) => n);
      await Promise.all(
        all.map(async (n) => {
          for (let k = 0; k < KEYS_EACH; k++) await write(`client ${n}/${k}`);
          await write(`still/${n}`);
        }),
      );
      let isOver = false;
      let reads = 0;
      const clients = all.map(async (n) => {
        for (let round = 0; !isOver; round++) {
          const key = `client ${n}/${round % KEYS_EACH}`;
          // Where the store does not keep writers and the job apart, they only read.
          if (heeds) await write(key);
          const expected = last.get(key);
          ok(expected && (await getObject(at, key)).equals(expected), key);
          reads++;
        }
      });
      const running = Promise.all(clients);
      for (const version of ["2", "3"]) {
        await gateway.runCommand(["keys", "rotate", version]);
        match(await rewrap(), / rewrapped/);
      }
      isOver = true;
      await running;
      await rewrap();
      await gateway.runCommand(["keys", "retire", "1"]);
      await gateway.runCommand(["keys", "retire", "2"]);
      for (const [key, body] of last) ok((await getObject(at, key)).equals(body), key);
      ok(reads > CLIENTS, `${reads} reads`);
      match(await rewrap("--dry-run"), new RegExp(`: ${last.size} current\n$`));
    });

    it("moves no bytes of objects, not of those in parts either", async () => {
      await gateway.runCommand(["keys", "restore", "2"]);
      await putInParts(at, "parts", [BIG.subarray(0, PART), BIG.subarray(PART)]);
      await putObject(at, "whole", { body: BIG });
      await gateway.runCommand(["keys", "rotate", "2"]);
      const bytesBefore = backend.bytes;
      match(await rewrap(), / rewrapped/);
      const moved = backend.bytes - bytesBefore;
      ok(moved < 1.5 * KIB * KIB, `${moved} bytes`);
      await gateway.runCommand(["keys", "retire", "3"]);
      for (const key of ["parts", "whole"]) ok((await getObject(at, key)).equals(BIG), key);
      match(await rewrap("--dry-run"), /: \d+ current\n$/);
    });

    if (heeds) return;
    it("does nothing where a write could be lost", async () => {
      const refused = gateway.runCommand(["rewrap", bucket]);
      await rejects(refused, /--no-writers/);
    });
  });
}
