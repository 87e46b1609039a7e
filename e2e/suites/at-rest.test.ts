/** What lies on the backend: it tells nothing of the plaintext, and the operator what it is. */
import { equal, match, notDeepEqual, ok } from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { deflateRawSync } from "node:zlib";
import {
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
    let inspect: (key: string) => Promise<string>;

    before(async () => {
      const backend = servers.use(await startBackend(name));
      const gateway = servers.use(await startGateway({ backend }));
      inspect = (key) => gateway.runCommand(["inspect", Bucket, key]);
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

    it("are explained by `s3eg inspect` without any key", async () => {
      await put(front, "explained", PLAINTEXT);
      const said = await inspect("explained");
      match(said, /^object +at-rest\/explained$/m);
      match(said, /^format +2, sealed$/m);
      match(said, /^cipher +AES-256-GCM$/m);
      match(said, new RegExp(`^plaintext bytes +${PLAINTEXT.length}$`, "m"));
      match(said, new RegExp(`^stored bytes +${(await get(behind, "explained")).length}$`, "m"));
      match(said, /^size is consistent +yes$/m);
      match(said, /^key provider +aes$/m);
      ok(!said.includes("sentence"), "it shows no plaintext");
      await put(behind, "explained", PLAINTEXT);
      match(await inspect("explained"), /^format +not sealed by this gateway/m);
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
