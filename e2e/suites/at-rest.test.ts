/** What lies on the backend: it tells nothing, and what was changed there never reaches a client. */
import { equal, notDeepEqual, ok, rejects } from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { deflateRawSync } from "node:zlib";
import {
  CopyObjectCommand,
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { s3ClientOf } from "../clients/s3-client.ts";
import { startGateway } from "../gateway.ts";
import { backendNames, startBackend } from "../servers/backends.ts";

const Bucket = "at-rest";
const SENTENCE = "A sentence that nobody at the backend may ever read. ";
const PLAINTEXT = Buffer.from(SENTENCE.repeat(6000));

for (const name of backendNames) {
  describe(`objects at rest on ${name}`, () => {
    const servers = new AsyncDisposableStack();
    let front: S3Client;
    let behind: S3Client;

    before(async () => {
      const backend = servers.use(await startBackend(name));
      const gateway = servers.use(await startGateway({ backend }));
      front = s3ClientOf(gateway);
      behind = s3ClientOf(backend);
      servers.defer(() => front.destroy());
      servers.defer(() => behind.destroy());
      await front.send(new CreateBucketCommand({ Bucket }));
    });
    after(() => servers.disposeAsync());

    it("hold no piece of the plaintext and look like random bytes", async () => {
      await put(front, "secret", PLAINTEXT);
      const stored = await get(behind, "secret");
      ok(stored.length > PLAINTEXT.length, "ciphertext is longer");
      for (let at = 0; at < SENTENCE.length; at += 8) {
        ok(!stored.includes(SENTENCE.slice(at, at + 8)), `found "${SENTENCE.slice(at, at + 8)}"`);
      }
      const ratio = deflateRawSync(stored).length / stored.length;
      ok(ratio > 0.99, `compresses to ${ratio}`);
    });

    it("differ from each other though the plaintext is the same", async () => {
      await put(front, "twin-1", PLAINTEXT);
      await put(front, "twin-2", PLAINTEXT);
      notDeepEqual(await get(behind, "twin-1"), await get(behind, "twin-2"));
    });

    it("hide the gateway's own metadata from clients", async () => {
      await put(front, "plain-metadata", PLAINTEXT);
      const seen = await front.send(new HeadObjectCommand({ Bucket, Key: "plain-metadata" }));
      equal(seen.ContentLength, PLAINTEXT.length);
      equal(Object.keys(seen.Metadata ?? {}).length, 0);
      const stored = await behind.send(new HeadObjectCommand({ Bucket, Key: "plain-metadata" }));
      ok(stored.Metadata?.s3eg !== undefined, "the header is stored with the object");
    });

    it("are refused once a bit of them was flipped", async () => {
      for (const at of [0, 70_000, -200, -1]) {
        await put(front, "flipped", PLAINTEXT);
        await rewrite(behind, "flipped", (stored) => {
          const index = at < 0 ? stored.length + at : at;
          stored[index] = (stored[index] ?? 0) ^ 1;
          return stored;
        });
        await rejects(get(front, "flipped"), `bit flipped at ${at}`);
      }
    });

    it("are refused once they were cut short or lengthened", async () => {
      for (const change of [-1, -128, -65_552, 1]) {
        await put(front, "resized", PLAINTEXT);
        await rewrite(behind, "resized", (stored) =>
          change < 0 ? stored.subarray(0, change) : Buffer.concat([stored, Buffer.alloc(change)]),
        );
        await rejects(get(front, "resized"), `length changed by ${change}`);
      }
    });

    it("are refused under another key than they were put under", async () => {
      await put(front, "original", PLAINTEXT);
      const CopySource = `${Bucket}/original`;
      await behind.send(new CopyObjectCommand({ Bucket, Key: "moved", CopySource }));
      await rejects(get(front, "moved"));
    });
  });
}

async function put(s3: S3Client, Key: string, Body: Buffer): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
}

async function get(s3: S3Client, Key: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  if (Body === undefined) throw new Error("no body");
  return Buffer.from(await Body.transformToByteArray());
}

/** Changes an object behind the gateway's back, its metadata kept. */
async function rewrite(
  s3: S3Client,
  Key: string,
  change: (stored: Buffer<ArrayBufferLike>) => Buffer<ArrayBufferLike>,
): Promise<void> {
  const { Metadata = {} } = await s3.send(new HeadObjectCommand({ Bucket, Key }));
  const Body = change(await get(s3, Key));
  await s3.send(new PutObjectCommand({ Bucket, Key, Body, Metadata }));
}
