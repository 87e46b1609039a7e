import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { FLAG, METADATA_FIELD } from "../../shared/src/format/layout.ts";
import {
  GIVEN,
  hiding,
  hidingGateway,
  metadataOf,
  PLAIN,
  PLAIN_BUCKET,
} from "./hidden-metadata.ts";
import { C, plaintextOf } from "./plaintext.ts";
import { BUCKET, type RunningGateway } from "./running-gateway.ts";
import { MIN_PART, type NamedPart, Uploading } from "./uploading.ts";
import { type Answer, pathOf } from "./wire-client.ts";

describe("policy metadata: sealed, of copies and of uploads in parts", () => {
  let gateway: RunningGateway;
  const { put, copy, assertHidden, assertShown } = hiding(() => gateway);

  before(async () => {
    gateway = await hidingGateway();
  });
  after(() => gateway[Symbol.asyncDispose]());

  it("holds for copies: what goes along is opened and sealed for its new place", async () => {
    const path = pathOf(BUCKET, "copied-from");
    await put(path);
    const former = (await gateway.behind.send("HEAD", path)).headers;
    await copy(pathOf(BUCKET, "copied"), path);
    assert.equal(await assertHidden(pathOf(BUCKET, "copied")), FLAG.sealedMetadata);
    await assertShown(pathOf(BUCKET, "copied"));
    const copied = (await gateway.behind.send("HEAD", pathOf(BUCKET, "copied"))).headers;
    assert.notEqual(copied[METADATA_FIELD], former[METADATA_FIELD]);
    const fresh = { "content-type": "x/fresh", "x-amz-meta-fresh": "1" };
    await copy(path, path, { "x-amz-metadata-directive": "REPLACE", ...fresh });
    assert.equal(await assertHidden(path), FLAG.sealedMetadata);
    await assertShown(path, fresh);
  });

  it("follows the policy of the bucket that a copy goes to", async () => {
    const [clear, sealed] = [pathOf(PLAIN_BUCKET, "moving"), pathOf(BUCKET, "moving")];
    await put(clear);
    assert.equal(
      (await gateway.behind.send("HEAD", clear)).headers["x-amz-meta-secretowner"],
      "secret-person",
    );
    await copy(sealed, clear);
    await assertHidden(sealed);
    await assertShown(sealed);
    const back = pathOf(PLAIN_BUCKET, "back");
    await copy(back, sealed);
    await assertShown(back);
    const { headers } = await gateway.behind.send("HEAD", back);
    assert.equal(headers["x-amz-meta-secretowner"], "secret-person");
    assert.equal(headers[METADATA_FIELD], undefined);
    const resealed = pathOf(BUCKET, "resealed");
    await copy(resealed, sealed, { "x-amz-checksum-algorithm": "SHA256" });
    await assertHidden(resealed);
    await assertShown(resealed);
  });

  it("holds for uploads in parts, from their beginning, and for copies of them", async () => {
    const upload = await Uploading.begin(gateway, "parts", GIVEN);
    const bodies = [plaintextOf(MIN_PART, 1), plaintextOf(C, 2)];
    const parts: NamedPart[] = [];
    for (const [index, body] of bodies.entries()) parts.push(await upload.part(index + 1, body));
    assert.equal((await upload.complete(parts)).status, 200);
    assert.equal(await assertHidden(upload.path), FLAG.multipart | FLAG.sealedMetadata);
    await assertShown(upload.path);
    const copied = pathOf(BUCKET, "parts-copied");
    await copy(copied, upload.path);
    assert.equal(await assertHidden(copied), FLAG.multipart | FLAG.sealedMetadata);
    await assertShown(copied);
    assert.ok((await gateway.client.send("GET", copied)).bytes.equals(Buffer.concat(bodies)));
    const clear = pathOf(PLAIN_BUCKET, "parts-copied");
    await copy(clear, copied);
    await assertShown(clear);
    const fresh = { "content-type": "x/fresh" };
    await copy(copied, clear, { "x-amz-metadata-directive": "REPLACE", ...fresh });
    await assertHidden(copied);
    await assertShown(copied, fresh);
  });

  it("holds for parts that are copied from objects with sealed metadata", async () => {
    const path = pathOf(BUCKET, "part-source");
    await put(path);
    const upload = await Uploading.begin(gateway, "of-copies", { "x-amz-meta-own": "1" });
    const answer = await upload.copy(1, path);
    const etag = /<ETag>([^<]*)</.exec(answer.text)?.[1]?.replaceAll("&quot;", '"') ?? "";
    assert.equal((await upload.complete([{ partNumber: 1, etag }])).status, 200);
    const { bytes, headers } = await gateway.client.send("GET", upload.path);
    assert.ok(bytes.equals(PLAIN));
    assert.deepEqual(metadataOf({ headers } as Answer), { "x-amz-meta-own": "1" });
  });
});
