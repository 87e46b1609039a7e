/** Listings: order, prefixes, pages, encodings. */
import assert from "node:assert/strict";
import { assertRefused, feature, putText, type Site, send } from "./feature.ts";

const PATHS = ["/a", "/b/1", "/b/2", "/c/1", "/d"];

async function fill(site: Site): Promise<void> {
  for (const path of PATHS) await putText(site, path, path);
}

export const listingFeatures = [
  feature("ListObjectsV2 says key, size, ETag and how many", async (site) => {
    await fill(site);
    const listed = await site.s3.listObjectsV2({ Bucket: site.bucket });
    assert.deepEqual(
      listed.Contents?.map(({ Key, Size }) => [`/${Key}`, Size]),
      PATHS.map((path) => [path, path.length]),
    );
    assert.deepEqual([listed.KeyCount, listed.IsTruncated], [5, false]);
  }),
  feature("ListObjectsV2 with a delimiter, page by page", async (site) => {
    await fill(site);
    const names: (string | undefined)[] = [];
    let token: string | undefined;
    for (let page = 0; page < 4; page++) {
      const listed = await site.s3.listObjectsV2({
        Bucket: site.bucket,
        Delimiter: "/",
        MaxKeys: 1,
        ContinuationToken: token,
      });
      assert.equal(listed.KeyCount, 1);
      names.push(listed.Contents?.[0]?.Key ?? listed.CommonPrefixes?.[0]?.Prefix);
      token = listed.NextContinuationToken;
    }
    assert.deepEqual(names, ["a", "b/", "c/", "d"]);
    assert.equal(token, undefined);
  }),
  feature("ListObjectsV2 starts after a name", async (site) => {
    await fill(site);
    const { Contents = [] } = await site.s3.listObjectsV2({
      Bucket: site.bucket,
      StartAfter: "b/1",
    });
    assert.deepEqual(
      Contents.map(({ Key }) => Key),
      ["b/2", "c/1", "d"],
    );
  }),
  feature("ListObjectsV2 shows the owner when asked", async (site) => {
    await fill(site);
    const plain = await site.s3.listObjectsV2({ Bucket: site.bucket });
    assert.equal(plain.Contents?.[0]?.Owner, undefined);
    const asked = await site.s3.listObjectsV2({ Bucket: site.bucket, FetchOwner: true });
    assert.ok(asked.Contents?.[0]?.Owner?.ID);
  }),
  feature("a continuation token that is none is refused", async (site) => {
    const listing = site.s3.listObjectsV2({ Bucket: site.bucket, ContinuationToken: "\u0001?" });
    await assertRefused(listing, { status: 400, name: "InvalidArgument" });
  }),
  feature(
    "ListObjects (v1) goes on after a marker; NextMarker comes with a delimiter only",
    async (site) => {
      await fill(site);
      const { s3, bucket: Bucket } = site;
      const plain = await s3.listObjects({ Bucket, MaxKeys: 2 });
      assert.deepEqual([plain.IsTruncated, plain.NextMarker], [true, undefined]);
      const rest = await s3.listObjects({ Bucket, Marker: plain.Contents?.[1]?.Key });
      assert.equal(rest.Contents?.length, 3);
      const rolled = await s3.listObjects({ Bucket, MaxKeys: 2, Delimiter: "/" });
      assert.equal(rolled.NextMarker, "b/");
      const next = await s3.listObjects({ Bucket, Delimiter: "/", Marker: rolled.NextMarker });
      assert.deepEqual(
        [next.CommonPrefixes?.map(({ Prefix }) => Prefix), next.Contents?.map(({ Key }) => Key)],
        [["c/"], ["d"]],
      );
    },
  ),
  feature("prefix and delimiter together, and a delimiter of two characters", async (site) => {
    const { s3, bucket: Bucket } = site;
    for (const path of ["/p/a--1", "/p/a--2", "/p/b", "/q"]) await putText(site, path, "x");
    const listed = await s3.listObjectsV2({ Bucket, Prefix: "p/", Delimiter: "--" });
    assert.deepEqual(listed.CommonPrefixes, [{ Prefix: "p/a--" }]);
    assert.deepEqual(
      listed.Contents?.map(({ Key }) => Key),
      ["p/b"],
    );
  }),
  feature("max-keys of 0 lists nothing and is not truncated", async (site) => {
    await fill(site);
    const listed = await site.s3.listObjectsV2({ Bucket: site.bucket, MaxKeys: 0 });
    assert.deepEqual([listed.KeyCount, listed.IsTruncated], [0, false]);
  }),
  feature("encoding-type=url encodes keys, prefixes and the delimiter", async (site) => {
    await putText(site, "/a%20b/%C3%A9", "x");
    await putText(site, "/a%20b/c%2Bd%01/e", "x");
    const query = "?list-type=2&encoding-type=url&prefix=a%20b%2F&delimiter=%2F";
    const { body } = await send(site, { method: "GET", path: query });
    const text = body.toString("utf8");
    assert.match(text, /<Key>a(?:%20|\+)b\/%C3%A9<\/Key>/);
    assert.match(text, /<Prefix>a(?:%20|\+)b\/c%2Bd%01\/<\/Prefix>/);
    assert.match(text, /<EncodingType>url<\/EncodingType>/);
  }),
  feature("keys are in the order of their UTF-8 bytes", async (site) => {
    const { s3, bucket: Bucket } = site;
    const keys = ["A", "a", "\u00e9", "\uff5e", "\u{1f40d}"];
    for (const Key of keys.toReversed()) await s3.putObject({ Bucket, Key, Body: "x" });
    const { Contents = [] } = await s3.listObjectsV2({ Bucket });
    assert.deepEqual(
      Contents.map(({ Key }) => Key),
      keys,
    );
  }),
  feature("DeleteObjects names what it deleted, or is quiet", async (site) => {
    await fill(site);
    const { s3, bucket: Bucket } = site;
    const Objects = [{ Key: "a" }, { Key: "none" }];
    const { Deleted } = await s3.deleteObjects({ Bucket, Delete: { Objects } });
    assert.deepEqual(
      Deleted?.map(({ Key }) => Key),
      ["a", "none"],
    );
    const quiet = await s3.deleteObjects({
      Bucket,
      Delete: { Objects: [{ Key: "d" }], Quiet: true },
    });
    assert.deepEqual(quiet.Deleted ?? [], []);
    const { KeyCount } = await s3.listObjectsV2({ Bucket });
    assert.equal(KeyCount, 3);
  }),
  feature("ListBuckets has the bucket; one that is not empty is not deleted", async (site) => {
    await fill(site);
    const { Buckets = [] } = await site.s3.listBuckets();
    assert.ok(Buckets.some(({ Name }) => Name === site.bucket));
    const deleting = site.s3.deleteBucket({ Bucket: site.bucket });
    await assertRefused(deleting, { status: 409, name: "BucketNotEmpty" });
  }),
];
