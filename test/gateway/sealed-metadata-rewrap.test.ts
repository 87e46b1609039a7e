import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HEADER_FIELD, METADATA_FIELD } from "../../shared/src/format/layout.ts";
import { GIVEN, metadataOf, PLAIN, PLAIN_BUCKET, shownOf } from "./hidden-metadata.ts";
import { rotatingGateway } from "./rotating-gateway.ts";
import { BUCKET, runningGateway } from "./running-gateway.ts";
import { Uploading } from "./uploading.ts";
import { type Answer, pathOf } from "./wire-client.ts";

describe("objects under another policy than they were written with", () => {
  it("are read as their header says", async () => {
    await using gateway = await runningGateway({
      policies: [
        `id: sealed\nbuckets: [${BUCKET}]\nmetadata: sealed\n`,
        `id: plain\nbuckets: [${PLAIN_BUCKET}]\nbind_as: ${BUCKET}\n`,
      ],
    });
    const { client, store } = gateway;
    await client.send("PUT", `/${PLAIN_BUCKET}`);
    for (const [from, to] of [
      [PLAIN_BUCKET, BUCKET],
      [BUCKET, PLAIN_BUCKET],
    ] as const) {
      const key = `of ${from}`;
      for (const bucket of [from, to]) {
        const answer = await client.send("PUT", pathOf(bucket, key), {
          headers: GIVEN,
          body: PLAIN,
        });
        assert.equal(answer.status, 200, answer.text);
      }
      const { bytes, metadata } = await store.readStored(from, key);
      const { metadata: former } = await store.readStored(to, key);
      const none = Object.fromEntries(Object.keys(former).map((name) => [name, undefined]));
      await store.overwriteStored(to, key, { bytes, metadata: { ...none, ...metadata } });
      for (const method of ["GET", "HEAD"]) {
        const answer = await client.send(method, pathOf(to, key));
        assert.equal(answer.status, 200, answer.text);
        assert.deepEqual(shownOf(answer), GIVEN);
      }
    }
  });

  it("stay what they are when they are re-wrapped", async () => {
    const SEALED = { METADATA_POLICY: "sealed" };
    for (const [then, now] of [
      [{}, SEALED],
      [SEALED, {}],
    ] as const) {
      await using at = await rotatingGateway(then, now);
      const { client, behind } = at.gateway;
      const path = pathOf(BUCKET, "object");
      await client.send("PUT", path, { headers: GIVEN, body: PLAIN });
      const names = Object.keys(metadataOf(await behind.send("HEAD", path))).toSorted();
      await at.keys("rotate", "2");
      assert.match(await at.rewrap(), /: 1 rewrapped\n/);
      assert.deepEqual(Object.keys(metadataOf(await behind.send("HEAD", path))).toSorted(), names);
      assert.deepEqual(shownOf(await client.send("HEAD", path)), GIVEN);
      assert.deepEqual(shownOf(await client.send("GET", path)), GIVEN);
    }
  });
});

describe("re-wrapping objects with sealed metadata", () => {
  it("opens and seals them for the new header, also those uploaded in parts", async () => {
    await using at = await rotatingGateway({ METADATA_POLICY: "sealed" });
    const { gateway } = at;
    const path = pathOf(BUCKET, "single");
    await gateway.client.send("PUT", path, { headers: GIVEN, body: PLAIN });
    const upload = await Uploading.begin(gateway, "parts", GIVEN);
    const part = await upload.part(1, PLAIN);
    assert.equal((await upload.complete([part])).status, 200);
    const former = (await gateway.behind.send("HEAD", path)).headers;
    await at.keys("rotate", "2");
    assert.match(await at.rewrap(), /: 2 rewrapped\n/);
    await at.keys("retire", "1");
    for (const rewrapped of [path, upload.path]) {
      assert.equal(await at.versionOf(rewrapped), 2);
      for (const method of ["GET", "HEAD"]) {
        assert.deepEqual(shownOf(await gateway.client.send(method, rewrapped)), GIVEN);
      }
    }
    const { headers } = await gateway.behind.send("HEAD", path);
    assert.notEqual(headers[METADATA_FIELD], former[METADATA_FIELD]);
    assert.deepEqual(Object.keys(metadataOf({ headers } as Answer)).toSorted(), [
      HEADER_FIELD,
      METADATA_FIELD,
    ]);
    assert.match(await at.rewrap(), /: 2 current\n/);
  });
});
