/** Versions. */
import assert from "node:assert/strict";
import { assertAnswer, assertRefused, feature, putText, type Site, send } from "./feature.ts";

async function enable(site: Site, Status: "Enabled" | "Suspended" = "Enabled"): Promise<void> {
  const VersioningConfiguration = { Status };
  await site.s3.putBucketVersioning({ Bucket: site.bucket, VersioningConfiguration });
}

/** Puts text and returns its version id. */
async function putVersion(site: Site, Key: string, Body: string): Promise<string> {
  const { VersionId } = await site.s3.putObject({ Bucket: site.bucket, Key, Body });
  return VersionId ?? "";
}

async function textOf(site: Site, Key: string, VersionId?: string): Promise<string | undefined> {
  const { Body } = await site.s3.getObject({ Bucket: site.bucket, Key, VersionId });
  return await Body?.transformToString();
}

export const versionFeatures = [
  feature("versioning is off, then enabled, then suspended", async (site) => {
    const status = async () => (await site.s3.getBucketVersioning({ Bucket: site.bucket })).Status;
    assert.equal(await status(), undefined);
    await enable(site);
    assert.equal(await status(), "Enabled");
    await enable(site, "Suspended");
    assert.equal(await status(), "Suspended");
  }),
  feature("every PUT is a version that can be read", async (site) => {
    await enable(site);
    const first = await putVersion(site, "k", "first");
    const second = await putVersion(site, "k", "second");
    assert.notEqual(first, second);
    assert.equal(await textOf(site, "k"), "second");
    assert.equal(await textOf(site, "k", first), "first");
  }),
  feature(
    "DELETE hides the key behind a marker; deleting the marker brings it back",
    async (site) => {
      const { s3, bucket: Bucket } = site;
      await enable(site);
      await putVersion(site, "k", "x");
      const { DeleteMarker, VersionId } = await s3.deleteObject({ Bucket, Key: "k" });
      assert.equal(DeleteMarker, true);
      const got = await send(site, { method: "GET", path: "/k" });
      assertAnswer(got, 404, "NoSuchKey");
      assert.equal(got.headers["x-amz-delete-marker"], "true");
      await s3.deleteObject({ Bucket, Key: "k", VersionId });
      assert.equal(await textOf(site, "k"), "x");
    },
  ),
  feature("GET of a delete marker by its id gives 405", async (site) => {
    const { s3, bucket: Bucket } = site;
    await enable(site);
    await putVersion(site, "k", "x");
    const { VersionId } = await s3.deleteObject({ Bucket, Key: "k" });
    await assertRefused(s3.getObject({ Bucket, Key: "k", VersionId }), { status: 405 });
  }),
  feature("a version deleted by its id is gone", async (site) => {
    const { s3, bucket: Bucket } = site;
    await enable(site);
    const VersionId = await putVersion(site, "k", "first");
    await putVersion(site, "k", "second");
    await s3.deleteObject({ Bucket, Key: "k", VersionId });
    await assertRefused(s3.getObject({ Bucket, Key: "k", VersionId }), {
      status: 404,
      name: "NoSuchVersion",
    });
    assert.equal(await textOf(site, "k"), "second");
  }),
  feature("what was there before versioning is the null version", async (site) => {
    await putText(site, "/k", "before");
    await enable(site);
    await putVersion(site, "k", "after");
    assert.equal(await textOf(site, "k", "null"), "before");
  }),
  feature("while suspended, PUT replaces the null version only", async (site) => {
    const { s3, bucket: Bucket } = site;
    await enable(site);
    const kept = await putVersion(site, "k", "kept");
    await enable(site, "Suspended");
    await putVersion(site, "k", "null 1");
    await putVersion(site, "k", "null 2");
    assert.equal(await textOf(site, "k", kept), "kept");
    const { Versions = [] } = await s3.listObjectVersions({ Bucket });
    assert.deepEqual(
      Versions.map(({ VersionId }) => VersionId),
      ["null", kept],
    );
  }),
  feature("ListObjectVersions, newest first, with markers, page by page", async (site) => {
    const { s3, bucket: Bucket } = site;
    await enable(site);
    const expected: unknown[] = [];
    for (const Key of ["a", "b"]) {
      const ids = [await putVersion(site, Key, "1"), await putVersion(site, Key, "2")];
      expected.push([Key, ids[1], true], [Key, ids[0], false]);
    }
    const found: unknown[] = [];
    let marker: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
    for (let page = 0; page < 4; page++) {
      const listed = await s3.listObjectVersions({ Bucket, MaxKeys: 1, ...marker });
      const [version] = listed.Versions ?? [];
      found.push([version?.Key, version?.VersionId, version?.IsLatest]);
      assert.equal(listed.IsTruncated, page < 3);
      marker = { KeyMarker: listed.NextKeyMarker, VersionIdMarker: listed.NextVersionIdMarker };
    }
    assert.deepEqual(found, expected);
  }),
  feature("an old version can be copied, and becomes the newest", async (site) => {
    const { s3, bucket: Bucket } = site;
    await enable(site);
    const old = await putVersion(site, "k", "old");
    await putVersion(site, "k", "new");
    const CopySource = `${Bucket}/k?versionId=${old}`;
    const copied = await s3.copyObject({ Bucket, Key: "k", CopySource });
    assert.equal(copied.CopySourceVersionId, old);
    assert.equal(await textOf(site, "k"), "old");
  }),
];
