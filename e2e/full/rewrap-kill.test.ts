/**
 * A re-wrap killed outright, again and again, each time one answer of the backend later than before: whatever the job was at, no object
 * loses anything by it, and the job that is run again comes to its end.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import {
  CreateBucketCommand,
  GetObjectTaggingCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { aesVersions } from "../aes-versions.ts";
import { type Bucket, getObject, metadataOf, putInParts } from "../clients/objects.ts";
import { s3ClientOf } from "../clients/s3-client.ts";
import { type OneProcessGateway, startGateway } from "../gateway.ts";
import { startBackend } from "../servers/backends.ts";
import { startDevStoreProcess } from "../servers/dev-store.ts";
import type { S3Server } from "../servers/s3-server.ts";
import { type TappedBackend, tapBackend } from "../servers/tapped-backend.ts";

const MIB = 1024 * 1024;
const SINGLE = ["plain", "tagged/1", "tagged/2", "described"];

/** Stores: radosgw drops the tags of a copy, so that there the job is at its work longest. */
const STORES: readonly { name: string; args: string[]; start: () => Promise<S3Server> }[] = [
  { name: "dev-store", args: [], start: startDevStoreProcess },
  { name: "radosgw", args: ["--no-writers"], start: () => startBackend("radosgw") },
];

for (const { name, args, start } of STORES) {
  describe(`re-wrap on ${name}, killed`, () => {
    const stack = new AsyncDisposableStack();
    const body = randomBytes(3000);
    const parts = [randomBytes(5 * MIB), randomBytes(700)];
    let tap: TappedBackend;
    let gateway: OneProcessGateway;
    let at: Bucket;
    let s3: S3Client;

    before(async () => {
      const backend = stack.use(await start());
      tap = stack.use(await tapBackend(backend));
      const env = {
        ...aesVersions(2),
        ...(name === "radosgw" ? { BACKEND_PROVIDER: "ceph" } : {}),
      };
      gateway = stack.use(await startGateway({ backend: tap, env }));
      s3 = s3ClientOf(gateway);
      stack.defer(() => s3.destroy());
      at = { s3, bucket: "killed" };
      await s3.send(new CreateBucketCommand({ Bucket: at.bucket }));
      for (const Key of SINGLE) {
        const Tagging = Key.startsWith("tagged") ? "a=1&b%20c=2" : undefined;
        const Metadata = { of: Key };
        await s3.send(
          new PutObjectCommand({ Bucket: at.bucket, Key, Body: body, Tagging, Metadata }),
        );
      }
      await putInParts(at, "parts", parts);
    });
    after(() => stack.disposeAsync());

    const isWhole = async () => {
      for (const key of SINGLE) {
        ok((await getObject(at, key)).equals(body), key);
        deepEqual(await metadataOf(at, key), { of: key });
      }
      ok((await getObject(at, "parts")).equals(Buffer.concat(parts)));
    };

    /** Kills the job as soon as the backend has given its nth answer, which the job does not hear. False: it came to its end before. */
    const killedAfter = async (nth: number): Promise<boolean> => {
      const job = await gateway.startCommand(["rewrap", "--all", ...args, at.bucket]);
      let answers = 0;
      tap.onAnswer = async () => {
        answers += 1;
        if (answers !== nth || !job.isRunning()) return;
        process.kill(job.pid, "SIGKILL");
        await job.exited;
      };
      const code = await job.exited;
      tap.onAnswer = async () => undefined;
      if (code === "SIGKILL") return true;
      equal(code, 0, job.logTail());
      return false;
    };

    it("loses nothing, and comes to its end when it is run again", async () => {
      let kills = 0;
      await gateway.runCommand(["keys", "rotate", "2"]);
      for (let nth = 1, isOver = false; !isOver; nth += 1) {
        isOver = !(await killedAfter(nth));
        kills += isOver ? 0 : 1;
        await isWhole();
      }
      ok(kills > 20, `${kills} kills`);
      await gateway.runCommand(["keys", "retire", "1"]);
      await isWhole();
      for (const Key of SINGLE.filter((key) => key.startsWith("tagged"))) {
        const asked = { Bucket: at.bucket, Key };
        const { TagSet } = await s3.send(new GetObjectTaggingCommand(asked));
        deepEqual(TagSet, [
          { Key: "a", Value: "1" },
          { Key: "b c", Value: "2" },
        ]);
      }
      const sealed = SINGLE.length + 1;
      const left = await gateway.runCommand(["rewrap", "--dry-run", at.bucket]);
      match(left, new RegExp(`\\b${sealed} current\\b`));
    });
  });
}
