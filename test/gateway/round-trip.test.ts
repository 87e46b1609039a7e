import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { C, plaintextOf, SIZES } from "./plaintext.ts";
import { BUCKET as Bucket, type RunningGateway, runningGateway } from "./running-gateway.ts";
import { pathOf } from "./wire-client.ts";

/** Keys that somebody on the way could read otherwise than the client meant them. */
const ODD_KEYS = [
  "a b+c",
  "plus+and%2Bpercent",
  "%",
  "%2e%2e/%2F",
  "..",
  "a//b/",
  "//",
  "./a/../b",
  "ünïcode/日本語/🔑",
  "e\u0301 is not \u00e9",
  "\u00e9",
  "quote'\"<>&;=,@:$!*()~",
  "back\\slash",
  "query?versionId=1#x",
  "tab\tand\nnewline",
  "x".repeat(1024),
] as const;

for (const [suite, algorithm] of [
  [1, "AES256-GCM"],
  [2, "ChaCha20-Poly1305"],
] as const) {
  describe(`the gateway with ${algorithm}`, () => {
    let gateway: RunningGateway;
    let client: S3Client;

    before(async () => {
      gateway = await runningGateway({ env: { ENCRYPTION_PREFERRED_ALGORITHM: algorithm } });
      client = sdkOf(gateway);
    });
    after(async () => {
      client.destroy();
      await gateway[Symbol.asyncDispose]();
    });

    for (const size of SIZES) {
      it(`gives back ${size} bytes`, async () => {
        const Key = `size-${size}`;
        const Body = plaintextOf(size);
        const put = await client.send(new PutObjectCommand({ Bucket, Key, Body }));
        const got = await client.send(new GetObjectCommand({ Bucket, Key }));
        const bytes = Buffer.from((await got.Body?.transformToByteArray()) ?? []);
        assert.ok(bytes.equals(Body), "same bytes");
        assert.equal(got.ContentLength, size);
        const head = await client.send(new HeadObjectCommand({ Bucket, Key }));
        assert.equal(head.ContentLength, size);
        assert.equal(got.ETag, put.ETag);
        assert.equal(head.ETag, put.ETag);
        assert.match(put.ETag ?? "", /^"[0-9a-f]{32}-0"$/);
      });
    }

    it("seals with that suite, and keeps nothing of the plaintext", async () => {
      const Body = plaintextOf(2 * C);
      await client.send(new PutObjectCommand({ Bucket, Key: "sealed", Body }));
      const { bytes, metadata, etag } = await gateway.store.readStored(Bucket, "sealed");
      const header = Buffer.from(metadata["x-amz-meta-s3eg"] ?? "", "base64url");
      assert.deepEqual([header[0], header[1]], [2, suite]);
      assert.equal(bytes.length, 2 * C + 2 * 16 + 128);
      for (let at = 0; at < Body.length; at += 4096) {
        assert.equal(bytes.indexOf(Body.subarray(at, at + 8)), -1, `plaintext at ${at}`);
      }
      // Whoever knows the plaintext must not recognise it by a digest.
      const md5 = createHash("md5").update(Body).digest("hex");
      assert.ok(!JSON.stringify({ metadata, etag }).includes(md5));
    });
  });
}

describe("the gateway", () => {
  let gateway: RunningGateway;
  let client: S3Client;

  before(async () => {
    gateway = await runningGateway();
    client = sdkOf(gateway);
  });
  after(async () => {
    client.destroy();
    await gateway[Symbol.asyncDispose]();
  });

  it("keeps metadata and content headers, and shows no header of its own", async () => {
    const kept = {
      CacheControl: "no-cache",
      ContentDisposition: 'attachment; filename="a.txt"',
      ContentEncoding: "gzip",
      ContentLanguage: "de",
      ContentType: "text/plain; charset=utf-8",
      Metadata: { owner: "somebody", empty: "", "with-dash": "a, b" },
    };
    const Key = "metadata";
    await client.send(new PutObjectCommand({ Bucket, Key, Body: "x", ...kept }));
    for (const command of [
      new HeadObjectCommand({ Bucket, Key }),
      new GetObjectCommand({ Bucket, Key }),
    ]) {
      const seen = await client.send(command);
      const names = Object.keys(kept) as (keyof typeof kept)[];
      assert.deepEqual(Object.fromEntries(names.map((name) => [name, seen[name]])), kept);
    }
  });

  it("keeps metadata that is UTF-8 byte by byte", async () => {
    const path = pathOf(Bucket, "utf-8");
    // As it is on the wire: one character for each byte.
    const value = Buffer.from("grün 日本 🔑").toString("latin1");
    const put = await gateway.client.send("PUT", path, { headers: { "x-amz-meta-text": value } });
    assert.equal(put.status, 200, put.text);
    for (const method of ["GET", "HEAD"]) {
      const { headers } = await gateway.client.send(method, path);
      assert.equal(headers["x-amz-meta-text"], value);
    }
  });

  for (const key of ODD_KEYS) {
    it(`keeps the key ${JSON.stringify(key).slice(0, 40)} exactly`, async () => {
      const path = pathOf(Bucket, key);
      const put = await gateway.client.send("PUT", path, { body: key });
      assert.equal(put.status, 200, put.text);
      const got = await gateway.client.send("GET", path);
      assert.equal(got.text, key);
      assert.equal((await gateway.store.readStored(Bucket, key)).bytes.length > 0, true);
      const query = { Bucket, Prefix: key, EncodingType: "url" } as const;
      const listed = await client.send(new ListObjectsV2Command(query));
      const keys = listed.Contents?.map(({ Key = "" }) =>
        decodeURIComponent(Key.replaceAll("+", "%20")),
      );
      assert.ok(keys?.includes(key), JSON.stringify(keys));
      assert.equal((await gateway.client.send("DELETE", path)).status, 204);
    });
  }

  it("lists sizes and ETags as HEAD tells them, in both versions", async () => {
    const expected = new Map<string, string>();
    for (const size of SIZES.slice(0, 6)) {
      const Key = `list/${size}`;
      await client.send(new PutObjectCommand({ Bucket, Key, Body: plaintextOf(size) }));
      const head = await client.send(new HeadObjectCommand({ Bucket, Key }));
      expected.set(Key, `${head.ContentLength} ${head.ETag}`);
    }
    const query = { Bucket, Prefix: "list/" };
    for (const { Contents = [] } of [
      await client.send(new ListObjectsCommand(query)),
      await client.send(new ListObjectsV2Command(query)),
    ]) {
      const seen = Contents.map(({ Key, Size, ETag }) => [Key, `${Size} ${ETag}`] as const);
      assert.deepEqual(new Map(seen), expected);
    }
  });

  it("lists page by page and by folder", async () => {
    for (const name of ["a/1", "a/2", "b/1", "c"]) {
      await client.send(new PutObjectCommand({ Bucket, Key: `pages/${name}`, Body: name }));
    }
    const keys: (string | undefined)[] = [];
    let ContinuationToken: string | undefined;
    do {
      const query = { Bucket, Prefix: "pages/", Delimiter: "/", MaxKeys: 1, ContinuationToken };
      const { ContinuationToken: token, ...first } = query;
      const asked = token === undefined ? first : { ...first, ContinuationToken: token };
      const page = await client.send(new ListObjectsV2Command(asked));
      keys.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix));
      keys.push(...(page.Contents ?? []).map(({ Key }) => Key));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    assert.deepEqual(keys, ["pages/a/", "pages/b/", "pages/c"]);
  });

  it("copies to another key and bucket, with or without new metadata", async () => {
    const Body = plaintextOf(C + 1);
    const sent = { Bucket, Key: "from ü", Body, Metadata: { a: "1" }, ContentType: "text/x" };
    const source = await client.send(new PutObjectCommand(sent));
    await gateway.client.send("PUT", "/other");
    const CopySource = encodeURI(`${Bucket}/from ü`);
    const copy = await client.send(
      new CopyObjectCommand({ Bucket: "other", Key: "kept", CopySource }),
    );
    const kept = await client.send(new GetObjectCommand({ Bucket: "other", Key: "kept" }));
    assert.ok(Body.equals(Buffer.from((await kept.Body?.transformToByteArray()) ?? [])));
    assert.deepEqual([kept.Metadata, kept.ContentType], [{ a: "1" }, "text/x"]);
    assert.deepEqual([copy.CopyObjectResult?.ETag, kept.ETag], [kept.ETag, source.ETag]);
    await client.send(
      new CopyObjectCommand({
        Bucket,
        Key: "from ü",
        CopySource,
        MetadataDirective: "REPLACE",
        Metadata: { b: "2" },
        ContentType: "text/y",
      }),
    );
    const changed = await client.send(new GetObjectCommand({ Bucket, Key: "from ü" }));
    assert.ok(Body.equals(Buffer.from((await changed.Body?.transformToByteArray()) ?? [])));
    assert.deepEqual([changed.Metadata, changed.ContentType], [{ b: "2" }, "text/y"]);
  });

  it("honours conditions on the ETags that clients know", async () => {
    const path = pathOf(Bucket, "conditions");
    const { send } = gateway.client;
    const created = await send("PUT", path, { body: "1", headers: { "if-none-match": "*" } });
    const etag = created.headers.etag ?? "";
    const again = await send("PUT", path, { body: "2", headers: { "if-none-match": "*" } });
    assert.deepEqual([created.status, again.status, again.code], [200, 412, "PreconditionFailed"]);
    const others = { "if-match": `"${"0".repeat(32)}-0"` };
    assert.equal((await send("PUT", path, { body: "2", headers: others })).status, 412);
    assert.equal((await send("GET", path, { headers: others })).status, 412);
    assert.equal((await send("GET", path, { headers: { "if-match": etag } })).text, "1");
    const unchanged = await send("GET", path, { headers: { "if-none-match": etag } });
    assert.deepEqual([unchanged.status, unchanged.headers.etag], [304, etag]);
    const stored = (await gateway.store.readStored(Bucket, "conditions")).etag;
    const bare = `"${stored.replaceAll('"', "")}"`;
    assert.equal((await send("GET", path, { headers: { "if-match": bare } })).status, 412);
    const put = await send("PUT", path, { body: "2", headers: { "if-match": etag } });
    assert.equal(put.status, 200);
  });

  it("deletes one and many", async () => {
    const { send } = gateway.client;
    for (const name of ["1", "2", "3"])
      await send("PUT", `/${Bucket}/gone-${name}`, { body: name });
    await client.send(new DeleteObjectCommand({ Bucket, Key: "gone-1" }));
    const Objects = [{ Key: "gone-2" }, { Key: "gone-3" }, { Key: "never-there" }];
    const deleted = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    assert.deepEqual(deleted.Deleted?.length, 3);
    for (const name of ["1", "2", "3"]) {
      const got = await send("GET", `/${Bucket}/gone-${name}`);
      assert.deepEqual([got.status, got.code], [404, "NoSuchKey"]);
      assert.equal((await send("HEAD", `/${Bucket}/gone-${name}`)).status, 404);
    }
  });
});

function sdkOf({ port, keys }: RunningGateway): S3Client {
  const { accessKey: accessKeyId, secretKey: secretAccessKey } = keys;
  return new S3Client({
    endpoint: `http://127.0.0.1:${port}`,
    region: "us-east-1",
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId, secretAccessKey },
  });
}
