/**
 * Every kind of object under re-wrap, on real stores: after it each is what it was, under the key that writes, or is left as it was and
 * named with the reason.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import {
  CreateBucketCommand,
  type CreateBucketCommandInput,
  GetObjectAclCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from "@aws-sdk/client-s3";
import { aesVersions } from "../aes-versions.ts";
import { type Bucket, getObject, keysOf, putInParts, putObject } from "../clients/objects.ts";
import { s3ClientOf } from "../clients/s3-client.ts";
import { type OneProcessGateway, startGateway } from "../gateway.ts";
import { startBackend } from "../servers/backends.ts";
import type { S3Server } from "../servers/s3-server.ts";

const MIB = 1024 * 1024;
const KEYS = aesVersions(2);
/** AES-256 keys of customers, sent with each request. */
const CUSTOMERS = (() => {
  const key = randomBytes(32);
  return {
    SSECustomerAlgorithm: "AES256",
    SSECustomerKey: key.toString("base64"),
    SSECustomerKeyMD5: createHash("md5").update(key).digest("base64"),
  };
})();

/** What an object says of itself, its time and number aside. */
async function toldBy({ s3, bucket }: Bucket, Key: string) {
  const asked = { Bucket: bucket, Key };
  const {
    $metadata: _,
    LastModified: __,
    VersionId: ___,
    ...told
  } = await s3.send(new HeadObjectCommand(asked));
  const { TagSet = [] } = await s3.send(new GetObjectTaggingCommand(asked));
  return { told, TagSet };
}

async function grantsOf({ s3, bucket }: Bucket, Key: string) {
  const { Grants = [] } = await s3.send(new GetObjectAclCommand({ Bucket: bucket, Key }));
  return Grants.map(({ Grantee, Permission }) =>
    [Permission, Grantee?.URI ?? Grantee?.ID].join(" "),
  ).sort();
}

/** The version of the key in the header that lies on the backend. */
async function keyVersionBehind(s3: S3Client, at: { Bucket: string; Key: string }) {
  const { Metadata = {} } = await s3.send(new HeadObjectCommand(at));
  const header = Buffer.from(Metadata.s3eg ?? "", "base64url");
  const providerEnd = 85 + header.readUInt16BE(83);
  return header.readUInt32BE(providerEnd + 2 + header.readUInt16BE(providerEnd));
}

for (const name of ["minio", "radosgw", "versitygw"] as const) {
  describe(`re-wrap on ${name}`, () => {
    const [stack, body] = [new AsyncDisposableStack(), randomBytes(100_000)];
    let backend: S3Server;
    let gateway: OneProcessGateway;
    let s3: S3Client;
    let behind: S3Client;

    before(async () => {
      backend = stack.use(await startBackend(name));
      gateway = stack.use(await startGateway({ backend, env: KEYS }));
      s3 = s3ClientOf(gateway);
      behind = s3ClientOf(backend);
      stack.defer(() => {
        s3.destroy();
        behind.destroy();
      });
    });
    after(() => stack.disposeAsync());

    /** A bucket whose objects are under version 1. */
    const bucketOf = async (
      bucket: string,
      more: Partial<CreateBucketCommandInput> = {},
    ): Promise<Bucket> => {
      await gateway.runCommand(["keys", "rotate", "1"]);
      await s3.send(new CreateBucketCommand({ Bucket: bucket, ...more }));
      return { s3, bucket };
    };
    const put = async (at: Bucket, Key: string, more: Partial<PutObjectCommandInput> = {}) =>
      await s3.send(new PutObjectCommand({ Bucket: at.bucket, Key, Body: body, ...more }));
    const rewrap = async (at: Bucket, ...args: string[]) => {
      await gateway.runCommand(["keys", "rotate", "2"]);
      return await gateway.runCommand(["rewrap", "--no-writers", ...args, at.bucket]);
    };
    const isRewrapped = async (at: Bucket, Key: string) =>
      equal(await keyVersionBehind(behind, { Bucket: at.bucket, Key }), 2, Key);

    it("keeps metadata, tags and content of objects in one piece and in parts", async () => {
      const at = await bucketOf("plainly");
      const described = {
        ContentType: "text/x-cat",
        ContentDisposition: 'attachment; filename="cat"',
        ContentLanguage: "de",
        CacheControl: "max-age=60",
        ContentEncoding: "x-none",
        Expires: new Date("2030-01-01T00:00:00Z"),
      };
      await put(at, "described", { ...described, Metadata: { a: "1", long: "x".repeat(1200) } });
      await put(at, "tagged", { Tagging: "k%20ey=v%2Bal%2Fue&empty=", Metadata: { b: "2" } });
      await put(at, "empty", { Body: "" });
      await put(at, "a b/ä+&?");
      const parts = [randomBytes(6 * MIB), randomBytes(5 * MIB), randomBytes(1000)];
      await putInParts(at, "parts", parts);
      await putInParts(at, "part", [parts[0] ?? body]);
      const keys = await keysOf(at);
      const told = new Map<string, unknown>();
      for (const key of keys) told.set(key, await toldBy(at, key));
      const report = await rewrap(at);
      match(report, new RegExp(`plainly: ${keys.length} rewrapped\\n$`));
      for (const key of keys) {
        deepEqual(await toldBy(at, key), told.get(key), key);
        await isRewrapped(at, key);
      }
      ok((await getObject(at, "described")).equals(body));
      ok((await getObject(at, "parts")).equals(Buffer.concat(parts)));
      match(await gateway.runCommand(["rewrap", "--dry-run", at.bucket]), / current\n$/);
    });

    it("makes new versions in a bucket that keeps them, and names or removes the former", async () => {
      const at = await bucketOf("versions");
      const VersioningConfiguration = { Status: "Enabled" as const };
      await s3.send(new PutBucketVersioningCommand({ Bucket: at.bucket, VersioningConfiguration }));
      const older = randomBytes(1000);
      await put(at, "cat", { Body: older });
      await put(at, "cat");
      const parts = [randomBytes(5 * MIB), randomBytes(1000)];
      await putInParts(at, "parts", parts);
      const listing = new ListObjectVersionsCommand({ Bucket: at.bucket });
      const count = async () => (await s3.send(listing)).Versions?.length;
      equal(await count(), 3);
      const report = await rewrap(at, "--remove-superseded");
      match(report, /2 rewrapped/);
      match(report, /1 skipped: former version, under aes 1 /);
      equal(await count(), 3);
      ok((await getObject(at, "cat")).equals(body));
      ok((await getObject(at, "parts")).equals(Buffer.concat(parts)));
      for (const key of ["cat", "parts"]) await isRewrapped(at, key);
      const { Versions = [] } = await s3.send(listing);
      const VersionId = Versions.find(({ IsLatest }) => !IsLatest)?.VersionId;
      const read = await s3.send(
        new GetObjectCommand({ Bucket: at.bucket, Key: "cat", VersionId }),
      );
      ok(older.equals((await read.Body?.transformToByteArray()) ?? body));
    });

    if (name === "minio") {
      it("keeps locks, and leaves the locked former versions", async () => {
        const at = await bucketOf("locked", { ObjectLockEnabledForBucket: true });
        const until = new Date(Math.ceil(Date.now() / 1000) * 1000 + 3_600_000);
        const lock = (ObjectLockMode: "GOVERNANCE" | "COMPLIANCE") => ({
          ObjectLockMode,
          ObjectLockRetainUntilDate: until,
        });
        await put(at, "governance", lock("GOVERNANCE"));
        await put(at, "compliance", lock("COMPLIANCE"));
        await put(at, "held", { ObjectLockLegalHoldStatus: "ON" });
        await put(at, "free");
        const keys = await keysOf(at);
        const told = new Map<string, unknown>();
        for (const key of keys) told.set(key, await toldBy(at, key));
        const report = await rewrap(at, "--remove-superseded");
        match(report, /4 rewrapped/);
        match(report, /3 rewrapped: former version not deleted, under aes 1 /);
        for (const key of keys) {
          deepEqual(await toldBy(at, key), told.get(key), key);
          ok((await getObject(at, key)).equals(body), key);
          await isRewrapped(at, key);
        }
        const again = await gateway.runCommand(["rewrap", "--dry-run", at.bucket]);
        match(again, /3 skipped: former version, under aes 1 /);
      });
    }

    if (name === "radosgw") {
      it("keeps grants", async () => {
        const at = await bucketOf("granted");
        await put(at, "public", { ACL: "public-read", Tagging: "a=1" });
        await put(at, "own");
        const grants = async () => [await grantsOf(at, "public"), await grantsOf(at, "own")];
        const given = await grants();
        equal(given[0]?.length, 2);
        match(await rewrap(at), /granted: 2 rewrapped\n$/);
        deepEqual(await grants(), given);
      });

      it("leaves what is under a customer's key, and names it", async () => {
        const at = await bucketOf("customers");
        await put(at, "theirs", CUSTOMERS);
        await put(at, "ours");
        match(await rewrap(at), /1 skipped: under a customer's key/);
        const asked = { Bucket: at.bucket, Key: "theirs", ...CUSTOMERS };
        const read = await s3.send(new GetObjectCommand(asked));
        ok(body.equals((await read.Body?.transformToByteArray()) ?? Buffer.alloc(0)));
      });
    }

    it("leaves what has no room for a longer header where the store has none, and names it", async () => {
      const at = await bucketOf("narrow");
      await put(at, "wide", { Metadata: { long: "x".repeat(1600) } });
      await put(at, "slim");
      const told = await toldBy(at, "wide");
      const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 4096 });
      const env = {
        ...KEYS,
        SELF_CONTAINED_TYPE: "rsa",
        SELF_CONTAINED_RSA_PRIVATE_KEY_SOURCE: "env:E2E_RSA",
        E2E_RSA: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      };
      await using wider = await startGateway({ backend, env });
      const report = await wider.runCommand(["rewrap", "--no-writers", at.bucket]);
      // Ceph takes more than the 2 KiB of S3.
      match(report, name === "radosgw" ? /2 rewrapped/ : /1 rewrapped, 1 skipped|1 skipped, 1 rew/);
      if (name !== "radosgw") match(report, /1 skipped: its metadata leave no room for the header/);
      const client = s3ClientOf(wider);
      for (const key of ["wide", "slim"]) {
        ok((await getObject({ s3: client, bucket: at.bucket }, key)).equals(body), key);
      }
      deepEqual(await toldBy({ s3: client, bucket: at.bucket }, "wide"), told);
      client.destroy();
    });

    it("leaves what is not sealed, and names it", async () => {
      const at = await bucketOf("mixed");
      await putObject({ s3: behind, bucket: at.bucket }, "plain", { body });
      match(await rewrap(at), /1 skipped: not sealed/);
      ok((await getObject({ s3: behind, bucket: at.bucket }, "plain")).equals(body));
    });
  });
}
