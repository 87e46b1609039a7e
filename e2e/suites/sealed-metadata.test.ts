/** Policy `metadata: sealed` with every role in a process of its own: real clients see what they gave, a real backend sees nothing. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { runClient } from "../clients/run-client.ts";
import { s3ClientOf } from "../clients/s3-client.ts";
import { type DistributedGateway, startDistributed } from "../gateway.ts";
import { startBackend } from "../servers/backends.ts";

const Bucket = "sealed-metadata";
const GIVEN = {
  ContentType: "image/x-secret-kind",
  ContentDisposition: 'attachment; filename="secret-name"',
  ContentLanguage: "x-secret-tongue",
  CacheControl: "max-age=31415926",
  Metadata: { secretowner: "secret-person" },
};
const SMOKE = ["--largest", String(5 * 1024 * 1024)];

describe("sealed metadata, edge, two cryptos and keys over NATS", () => {
  const servers = new AsyncDisposableStack();
  let gateway: DistributedGateway;
  let front: S3Client;
  let behind: S3Client;

  before(async () => {
    const backend = servers.use(await startBackend("versitygw"));
    const env = { METADATA_POLICY: "sealed" };
    gateway = servers.use(await startDistributed({ backend, env }));
    front = s3ClientOf(gateway);
    behind = s3ClientOf(backend);
    servers.defer(() => front.destroy());
    servers.defer(() => behind.destroy());
    await front.send(new CreateBucketCommand({ Bucket }));
  });
  after(() => servers.disposeAsync());

  /** Shown to clients, hidden from the backend. */
  async function check(Key: string): Promise<void> {
    const seen = [
      await front.send(new HeadObjectCommand({ Bucket, Key })),
      await front.send(new GetObjectCommand({ Bucket, Key, Range: "bytes=0-1" })),
    ];
    for (const {
      ContentType,
      ContentDisposition,
      ContentLanguage,
      CacheControl,
      Metadata,
    } of seen) {
      const shown = { ContentType, ContentDisposition, ContentLanguage, CacheControl, Metadata };
      deepEqual(shown, GIVEN);
    }
    const stored = await behind.send(new HeadObjectCommand({ Bucket, Key }));
    equal(stored.ContentType, "application/octet-stream");
    deepEqual(Object.keys(stored.Metadata ?? {}).toSorted(), ["s3eg", "s3eg-m"]);
    ok(!/secret|31415926/.test(JSON.stringify(stored)), "the backend sees metadata");
  }

  it("hold for objects and their copies", async () => {
    await front.send(new PutObjectCommand({ Bucket, Key: "one", Body: "bytes", ...GIVEN }));
    await check("one");
    await front.send(new CopyObjectCommand({ Bucket, Key: "copied", CopySource: `${Bucket}/one` }));
    await check("copied");
    const { Body } = await front.send(new GetObjectCommand({ Bucket, Key: "copied" }));
    equal(await Body?.transformToString(), "bytes");
  });

  it("hold for uploads in parts", async () => {
    const where = { Bucket, Key: "parts" };
    const { UploadId } = await front.send(new CreateMultipartUploadCommand({ ...where, ...GIVEN }));
    const part = { ...where, UploadId, PartNumber: 1, Body: "a part" };
    const { ETag } = await front.send(new UploadPartCommand(part));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    await front.send(new CompleteMultipartUploadCommand({ ...where, UploadId, MultipartUpload }));
    await check("parts");
  });

  it("are nothing that boto3 would notice", async () => {
    await runClient("boto3", gateway, SMOKE);
  });
});
