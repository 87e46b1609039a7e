/** A script that makes every metric of a site move. */
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { getObject, keysOf, putInParts, putObject, randomContent } from "../clients/objects.ts";
import type { MeteredSite } from "./metered-site.ts";

const MIB = 1024 * 1024;
const PART = 5 * MIB;
const body = (bytes: number) => randomContent(bytes).body;

/** Makes the buckets that `loadOnce` uses. */
export async function makeBuckets({ roles, vault, one, fips, behind }: MeteredSite): Promise<void> {
  await roles.s3.send(new CreateBucketCommand({ Bucket: "roles" }));
  await vault.s3.send(new CreateBucketCommand({ Bucket: "vault" }));
  for (const Bucket of ["one", "hidden", "mixed"]) {
    await one.s3.send(new CreateBucketCommand({ Bucket }));
  }
  await fips.s3.send(new CreateBucketCommand({ Bucket: "fips" }));
  const plain = { Bucket: "mixed", Key: "plain", Body: body(1000) };
  await behind.send(new PutObjectCommand(plain));
}

/** One round of everything; rounds may follow one another. */
export async function loadOnce(site: MeteredSite): Promise<void> {
  const { roles, vault, one, fips } = site;
  await Promise.all([
    objects(roles.s3, "roles").then(() => uploads(roles.s3, "roles")),
    objects(vault.s3, "vault"),
    objects(one.s3, "one").then(() => policies(one.s3)),
    Promise.allSettled(Array.from({ length: 15 }, () => objects(fips.s3, "fips"))),
  ]);
  await Promise.all([rotation(site), slowPut(site), keyStoreAway(site)]);
  await backendAway(site);
}

async function objects(s3: S3Client, bucket: string): Promise<void> {
  const at = { s3, bucket };
  await putObject(at, "small", { body: body(1000), metadata: { a: "1" } });
  await putObject(at, "large", { body: body(3 * MIB) });
  for (const key of ["small", "large", "large"]) await getObject(at, key);
  await getObject(at, "large", "bytes=100000-200000");
  await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: "small" }));
  await keysOf(at);
  await fails(getObject(at, "no such key"));
  await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: "small" }));
}

async function uploads(s3: S3Client, bucket: string): Promise<void> {
  const at = { s3, bucket };
  await putInParts(at, "in parts", [body(PART), body(100)]);
  await getObject(at, "in parts");
  const where = { Bucket: bucket, Key: "copied" };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(where));
  const upload = { ...where, UploadId, PartNumber: 1 };
  const { CopyPartResult } = await s3.send(
    new UploadPartCopyCommand({ ...upload, CopySource: `${bucket}/large` }),
  );
  const part = { PartNumber: 1, ETag: CopyPartResult?.ETag };
  const Parts = [part];
  await fails(
    s3.send(new UploadPartCopyCommand({ ...upload, CopySource: `${bucket}/no-such-key` })),
  );
  await s3.send(
    new CompleteMultipartUploadCommand({ ...where, UploadId, MultipartUpload: { Parts } }),
  );
  const other = await s3.send(new CreateMultipartUploadCommand(where));
  const aborted = { ...where, UploadId: other.UploadId };
  await s3.send(new UploadPartCommand({ ...aborted, PartNumber: 1, Body: body(10) }));
  await s3.send(new AbortMultipartUploadCommand(aborted));
}

/** What lies unsealed in a bucket that lets it, with sizes that have to be looked up, and metadata that are sealed. */
async function policies(s3: S3Client): Promise<void> {
  await putObject({ s3, bucket: "hidden" }, "k", { body: body(10), metadata: { secret: "1" } });
  const mixed = { s3, bucket: "mixed" };
  for (const key of ["plain", "plain"]) await getObject(mixed, key);
  await putObject(mixed, "sealed", { body: body(10) });
  for (let times = 0; times < 2; times += 1) await keysOf(mixed);
}

/** To version 2 and back, with an object of the former version read in between; a profile, and a job. */
async function rotation({ one }: MeteredSite): Promise<void> {
  const at = { s3: one.s3, bucket: "one" };
  const key = `rotated ${Date.now()}`;
  await putObject(at, key, { body: body(2 * MIB) });
  const status = await one.admin("GET", "/admin/kms/rotate/status");
  const target_version = /"target_version":2/.test(status.text) ? 1 : 2;
  await one.admin("POST", "/admin/kms/rotate/start", { target_version, grace_period: "1s" });
  await one.admin("POST", "/admin/kms/rotate/commit", { force: true });
  await getObject(at, key, "bytes=0-9");
  await one.admin("GET", "/debug/pprof/heap?seconds=1");
  await one.admin("POST", "/admin/jobs", { kind: "rewrap", buckets: ["one"], dry_run: true });
}

/** A body that takes three seconds, so that scrapes see it under way. */
async function slowPut({ roles }: MeteredSite): Promise<void> {
  async function* pieces() {
    for (let second = 0; second < 3; second += 1) {
      yield body(1000);
      await sleep(1000);
    }
  }
  await roles.s3.send(
    new PutObjectCommand({
      ...{ Bucket: "roles", Key: "slow", Body: Readable.from(pieces()), ContentLength: 3000 },
    }),
  );
}

/** The key store does not answer, then is gone until its circuit breaker opens, and comes back. */
async function keyStoreAway({ vault }: MeteredSite): Promise<void> {
  const at = { s3: vault.s3, bucket: "vault" };
  const puts = async (count: number) => {
    const asked = Array.from({ length: count }, (_, n) =>
      fails(putObject(at, `without a key ${n}`, { body: body(10) })),
    );
    await Promise.all(asked);
  };
  await vault.openbao.down();
  await puts(3);
  await puts(3);
  await vault.openbao.up();
  await until(() => getObject(at, "large"));
}

/** The backend is gone for a moment. */
async function backendAway({ vault }: MeteredSite): Promise<void> {
  const at = { s3: vault.s3, bucket: "vault" };
  await vault.backend.down();
  await fails(getObject(at, "large"));
  await vault.backend.up();
  await until(() => getObject(at, "large"));
}

/** Waits for a failure; there must be one. */
async function fails(work: Promise<unknown>): Promise<void> {
  const outcome = await work.then(
    () => "worked",
    () => "failed",
  );
  if (outcome === "worked") throw new Error("what had to fail worked");
}

async function until(work: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(200);
    }
  }
}
