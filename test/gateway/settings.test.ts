import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { auditedGateway } from "./audited-gateway.ts";
import { plaintextOf } from "./plaintext.ts";
import { BUCKET, runningGateway } from "./running-gateway.ts";
import { Uploading } from "./uploading.ts";
import { pathOf } from "./wire-client.ts";

const BODY = plaintextOf(1000);

describe("plain objects of a bucket that may have some", () => {
  it("are announced and counted when they are read, and warned of at start", async () => {
    const mixed = "id: mixed\nbuckets: [mixed]\ncontents: mixed\n";
    await using audited = await auditedGateway({ policies: [mixed] });
    const { gateway, metric } = audited;
    assert.ok(gateway.lines.some((line) => /"policy":"mixed".*not sealed/.test(line)));
    await gateway.behind.send("PUT", "/mixed");
    await gateway.behind.send("PUT", "/mixed/plain", { body: BODY });
    await gateway.client.send("PUT", "/mixed/sealed", { body: BODY });
    assert.ok((await gateway.client.send("GET", "/mixed/sealed")).bytes.equals(BODY));
    assert.equal(await metric("gateway_plain_objects_read_total"), 0);
    assert.ok((await gateway.client.send("GET", "/mixed/plain")).bytes.equals(BODY));
    const headers = { "x-amz-copy-source": "/mixed/plain" };
    const path = pathOf(BUCKET, "sealed-copy");
    assert.equal((await gateway.client.send("PUT", path, { headers })).status, 200);
    const seen = await audited.eventsOf("plain_object.read", 2);
    for (const { bucket, key, success } of seen) {
      assert.deepEqual([bucket, key, success], ["mixed", "plain", true]);
    }
    assert.equal(await metric("gateway_plain_objects_read_total"), 2);
  });
});

describe("backend.filter_metadata_keys", () => {
  it("keeps user metadata from the backend, of objects, copies and uploads", async () => {
    const env = { BACKEND_FILTER_METADATA_KEYS: "tmp,x-amz-meta-trace" };
    await using gateway = await runningGateway({ env });
    const headers = { "x-amz-meta-tmp": "1", "x-amz-meta-trace": "2", "x-amz-meta-kept": "3" };
    await gateway.client.send("PUT", pathOf(BUCKET, "put"), { body: BODY, headers });
    const upload = await Uploading.begin(gateway, "parts", headers);
    assert.equal((await upload.complete([await upload.part(1, BODY)])).status, 200);
    const copied = {
      ...headers,
      "x-amz-copy-source": pathOf(BUCKET, "put"),
      "x-amz-metadata-directive": "REPLACE",
    };
    await gateway.client.send("PUT", pathOf(BUCKET, "copy"), { headers: copied });
    for (const key of ["put", "parts", "copy"]) {
      const { metadata } = await gateway.store.readStored(BUCKET, key);
      const names = Object.keys(metadata).filter((name) => name.startsWith("x-amz-meta-"));
      assert.deepEqual(names.sort(), ["x-amz-meta-kept", "x-amz-meta-s3eg"], key);
      const got = await gateway.client.send("GET", pathOf(BUCKET, key));
      assert.ok(got.bytes.equals(BODY), key);
      assert.equal(got.headers["x-amz-meta-tmp"], undefined);
    }
  });
});

describe("metrics.enable_bucket_label", () => {
  for (const [env, label] of [
    [{}, "*"],
    [{ METRICS_ENABLE_BUCKET_LABEL: "true" }, BUCKET],
  ] as const) {
    it(`${JSON.stringify(env)} labels with ${label}`, async () => {
      await using audited = await auditedGateway({ env });
      await audited.gateway.client.send("PUT", pathOf(BUCKET, "k"), { body: BODY });
      await audited.eventsOf("encrypt", 1);
      const series = `s3_operations_total{operation="PutObject",bucket="${label}"}`;
      assert.equal(await audited.metric(series), 1);
    });
  }
});
