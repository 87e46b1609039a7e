/**
 * One upload whose parts are spread over two edges and two crypto workers by a load balancer. One edge and one worker are killed
 * outright in the middle of it; the retries that the client makes by itself finish it. The state is in Redis.
 */
import { equal, ok } from "node:assert/strict";
import { createHash, hash, randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { s3ClientOf } from "../clients/s3-client.ts";
import { type DistributedGateway, startDistributed } from "../gateway.ts";
import { type Balancer, startBalancer } from "../servers/balancer.ts";
import { runToEnd } from "../servers/child.ts";
import { findProgram, makeScratch } from "../servers/place.ts";
import { bytesRead } from "../servers/proc.ts";
import type { S3Server } from "../servers/s3-server.ts";
import { startVersitygw } from "../servers/versitygw.ts";

const Bucket = "losses";
const MIB = 1024 * 1024;
const PART = 8 * MIB;
const PARTS = 40;
const PARALLEL = 8;
const KILLS = { edge: 60 * MIB, crypto: 150 * MIB };

const content = randomBytes(PART * (PARTS - 1) + 12_345);
const sha256 = hash("sha256", content);

type Client = (upload: { server: S3Server; key: string; folder: string }) => Promise<string>;

const clients: Readonly<Record<string, Client>> = {
  "AWS SDK for JavaScript": bySdk,
  boto3: byBoto,
};

for (const [name, send] of Object.entries(clients)) {
  describe(`an upload of ${PARTS} parts by ${name}`, () => {
    const servers = new AsyncDisposableStack();
    let backend: S3Server;
    let gateway: DistributedGateway;
    let balancer: Balancer;
    let server: S3Server;
    let folder: string;

    before(async () => {
      folder = servers.use(await makeScratch("losses")).folder;
      backend = servers.use(await startVersitygw());
      gateway = servers.use(await startDistributed({ backend }, { edges: 2, cryptos: 2 }));
      balancer = servers.use(await startBalancer(gateway.endpoints));
      server = { ...gateway, endpoint: balancer.endpoint };
      const s3 = s3ClientOf(server);
      await s3.send(new CreateBucketCommand({ Bucket }));
      s3.destroy();
    });
    after(() => servers.disposeAsync());

    it("goes on while one edge and one crypto worker are killed", async (t) => {
      const read: number[][] = [];
      const killAt = (role: "edge" | "crypto") =>
        new Promise<void>((resolve, reject) => {
          balancer.onceSent(KILLS[role], () => {
            const [victim = 0] = gateway.roles[role];
            Promise.all(gateway.roles.crypto.map(bytesRead))
              .then((bytes) => {
                read.push(bytes);
                process.kill(victim, "SIGKILL");
                resolve();
              })
              .catch(reject);
          });
        });
      const kills = Promise.all([killAt("edge"), killAt("crypto")]);
      const said = await send({ server, key: name, folder });
      await kills;
      const mib = (bytes: readonly number[]) =>
        bytes.map((n) => (n / MIB).toFixed(0)).join(" and ");
      t.diagnostic(`edges got ${mib(balancer.sent())} MiB`);
      t.diagnostic(`cryptos had read ${mib(read.at(-1) ?? [])} MiB when one was killed`);
      t.diagnostic(said);
      for (const bytes of balancer.sent()) ok(bytes > 2 * PART, "an edge saw whole parts");
      for (const bytes of read.at(-1) ?? []) ok(bytes > 2 * PART, "a worker saw whole parts");
      ok(
        balancer.sent().reduce((sum, n) => sum + n, 0) > content.length + MIB,
        "something was sent again",
      );
    });

    it("is the object that was sent, byte for byte, and leaves no upload", async () => {
      const s3 = clientOf(server);
      using _closing = { [Symbol.dispose]: () => s3.destroy() };
      const head = await s3.send(new HeadObjectCommand({ Bucket, Key: name }));
      equal(head.ContentLength, content.length);
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: name }));
      const digest = createHash("sha256");
      for await (const piece of Body as AsyncIterable<Buffer>) digest.update(piece);
      equal(digest.digest("hex"), sha256);
      const behind = s3ClientOf(backend);
      using _closingToo = { [Symbol.dispose]: () => behind.destroy() };
      for (const one of [s3, behind]) {
        const { Uploads = [] } = await one.send(new ListMultipartUploadsCommand({ Bucket }));
        equal(Uploads.length, 0);
      }
    });
  });
}

/** As the SDK comes: three attempts. */
function clientOf({ endpoint, region, accessKey, secretKey }: S3Server): S3Client {
  return new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    forcePathStyle: true,
  });
}

async function bySdk({ server, key: Key }: { server: S3Server; key: string }): Promise<string> {
  const s3 = clientOf(server);
  using _closing = { [Symbol.dispose]: () => s3.destroy() };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const upload = { Bucket, Key, UploadId };
  const done: { PartNumber: number; ETag: string | undefined }[] = [];
  const attempts: number[] = [];
  let next = 1;
  const work = async (): Promise<void> => {
    while (next <= PARTS) {
      const PartNumber = next++;
      const Body = content.subarray((PartNumber - 1) * PART, PartNumber * PART);
      const { ETag, $metadata } = await s3.send(
        new UploadPartCommand({ ...upload, PartNumber, Body }),
      );
      attempts.push($metadata.attempts ?? 1);
      done.push({ PartNumber, ETag });
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  const Parts = done.sort((a, b) => a.PartNumber - b.PartNumber);
  await s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
  const again = attempts.filter((number) => number > 1).length;
  ok(again > 0, "some part was tried again");
  return `${again} parts took more than one attempt, none more than ${Math.max(...attempts)}`;
}

/** As boto3 comes, but for the part size: what `upload_file` does. */
const BOTO_SCRIPT = `
import boto3, sys
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
endpoint, region, bucket, key, file, part = sys.argv[1:7]
s3 = boto3.client("s3", endpoint_url=endpoint, region_name=region, config=Config(s3={"addressing_style": "path"}))
config = TransferConfig(multipart_threshold=int(part), multipart_chunksize=int(part), max_concurrency=${PARALLEL})
s3.upload_file(file, bucket, key, Config=config)
print("uploaded")
`;

async function byBoto({
  server,
  key,
  folder,
}: {
  server: S3Server;
  key: string;
  folder: string;
}): Promise<string> {
  const file = join(folder, "content");
  await writeFile(file, content);
  const printed = await runToEnd({
    program: findProgram("python3", "python"),
    args: ["-c", BOTO_SCRIPT, server.endpoint, server.region, Bucket, key, file, String(PART)],
    env: {
      AWS_ACCESS_KEY_ID: server.accessKey,
      AWS_SECRET_ACCESS_KEY: server.secretKey,
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    },
  });
  return printed.trim();
}
