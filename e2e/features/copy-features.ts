/** Copies and tags. */
import assert from "node:assert/strict";
import { assertRefused, feature, md5Etag, putText } from "./feature.ts";

const TAGS = [
  { Key: "colour", Value: "green" },
  { Key: "größe", Value: "sehr groß" },
];

export const copyFeatures = [
  feature("a copy has the bytes, the metadata and the ETag", async ({ s3, bucket: Bucket }) => {
    await s3.putObject({
      Bucket,
      Key: "a b",
      Body: "x",
      Metadata: { m: "1" },
      ContentType: "text/x-a",
    });
    const CopySource = `${Bucket}/a%20b`;
    const { CopyObjectResult } = await s3.copyObject({ Bucket, Key: "copy", CopySource });
    assert.equal(CopyObjectResult?.ETag, md5Etag("x"));
    const got = await s3.getObject({ Bucket, Key: "copy" });
    assert.equal(await got.Body?.transformToString(), "x");
    assert.deepEqual([got.Metadata, got.ContentType], [{ m: "1" }, "text/x-a"]);
  }),
  feature("a copy with REPLACE has other metadata", async ({ s3, bucket: Bucket }) => {
    await s3.putObject({ Bucket, Key: "k", Body: "x", Metadata: { old: "1" } });
    await s3.copyObject({
      Bucket,
      Key: "copy",
      CopySource: `${Bucket}/k`,
      MetadataDirective: "REPLACE",
      Metadata: { new: "2" },
    });
    const { Metadata } = await s3.headObject({ Bucket, Key: "copy" });
    assert.deepEqual(Metadata, { new: "2" });
  }),
  feature("a copy onto itself must change something", async ({ s3, bucket: Bucket }) => {
    await s3.putObject({ Bucket, Key: "k", Body: "x" });
    const copy = { Bucket, Key: "k", CopySource: `${Bucket}/k` };
    await assertRefused(s3.copyObject(copy), { status: 400, name: "InvalidRequest" });
    await s3.copyObject({ ...copy, MetadataDirective: "REPLACE", Metadata: { a: "b" } });
    const got = await s3.getObject({ Bucket, Key: "k" });
    assert.equal(await got.Body?.transformToString(), "x");
    assert.deepEqual(got.Metadata, { a: "b" });
  }),
  feature("conditions on the source of a copy", async (site) => {
    const { s3, bucket: Bucket } = site;
    const etag = await putText(site, "/k", "x");
    const copy = { Bucket, Key: "copy", CopySource: `${Bucket}/k` };
    await assertRefused(s3.copyObject({ ...copy, CopySourceIfNoneMatch: etag }), { status: 412 });
    const other = md5Etag("other");
    await assertRefused(s3.copyObject({ ...copy, CopySourceIfMatch: other }), { status: 412 });
    await s3.copyObject({ ...copy, CopySourceIfMatch: etag });
  }),
  feature("a copy of what is not there gives 404", async ({ s3, bucket: Bucket }) => {
    const copying = s3.copyObject({ Bucket, Key: "copy", CopySource: `${Bucket}/none` });
    await assertRefused(copying, { status: 404, name: "NoSuchKey" });
  }),
  feature("tags are set, read, counted and deleted", async ({ s3, bucket: Bucket }) => {
    const object = { Bucket, Key: "k" };
    await s3.putObject({ ...object, Body: "x" });
    await s3.putObjectTagging({ ...object, Tagging: { TagSet: TAGS } });
    const { TagSet = [] } = await s3.getObjectTagging(object);
    const byKey = (a: { Key?: string | undefined }, b: { Key?: string | undefined }) =>
      (a.Key ?? "") < (b.Key ?? "") ? -1 : 1;
    assert.deepEqual(TagSet.toSorted(byKey), TAGS.toSorted(byKey));
    const { TagCount } = await s3.getObject(object);
    assert.equal(TagCount, 2);
    await s3.deleteObjectTagging(object);
    assert.deepEqual((await s3.getObjectTagging(object)).TagSet ?? [], []);
  }),
  feature("tags in a header, and eleven of them refused", async ({ s3, bucket: Bucket }) => {
    await s3.putObject({ Bucket, Key: "k", Body: "x", Tagging: "a=1&b=x%20y" });
    const { TagSet = [] } = await s3.getObjectTagging({ Bucket, Key: "k" });
    assert.deepEqual(TagSet.map(({ Key, Value }) => `${Key}=${Value}`).sort(), ["a=1", "b=x y"]);
    const eleven = Array.from({ length: 11 }, (_, place) => ({ Key: `k${place}`, Value: "v" }));
    const tagging = s3.putObjectTagging({ Bucket, Key: "k", Tagging: { TagSet: eleven } });
    await assert.rejects(tagging);
  }),
  feature("a copy takes the tags along, or replaces them", async ({ s3, bucket: Bucket }) => {
    await s3.putObject({ Bucket, Key: "k", Body: "x", Tagging: "a=1" });
    const CopySource = `${Bucket}/k`;
    await s3.copyObject({ Bucket, Key: "same", CopySource });
    await s3.copyObject({
      Bucket,
      Key: "other",
      CopySource,
      TaggingDirective: "REPLACE",
      Tagging: "b=2",
    });
    const tagsOf = async (Key: string) => (await s3.getObjectTagging({ Bucket, Key })).TagSet;
    assert.deepEqual(await tagsOf("same"), [{ Key: "a", Value: "1" }]);
    assert.deepEqual(await tagsOf("other"), [{ Key: "b", Value: "2" }]);
  }),
];
