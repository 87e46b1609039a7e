import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { type AuditedGateway, auditedGateway } from "./audited-gateway.ts";
import { flipped } from "./header-parts.ts";
import { C, plaintextOf } from "./plaintext.ts";
import { BUCKET } from "./running-gateway.ts";
import { MIN_PART, Uploading, uploadParts } from "./uploading.ts";
import { pathOf } from "./wire-client.ts";

const BIG = plaintextOf(MIN_PART + C, 1);
const SMALL = plaintextOf(C + 3, 2);

describe("the audit trail and the metrics of multipart uploads", () => {
  let audited: AuditedGateway;
  before(async () => {
    audited = await auditedGateway();
  });
  after(() => audited[Symbol.asyncDispose]());

  it("have an event for every step: mpu.create, mpu.part, mpu.complete, mpu.abort", async () => {
    const { gateway } = audited;
    const layout = [
      [1, BIG],
      [2, SMALL],
    ] as const;
    assert.equal((await uploadParts(gateway, "done", layout)).status, 200);
    const given = await Uploading.begin(gateway, "given-up");
    assert.equal((await given.abort()).status, 204);
    for (const [type, operation, count] of [
      ["mpu.create", "CreateMultipartUpload", 2],
      ["mpu.part", "UploadPart", 2],
      ["mpu.complete", "CompleteMultipartUpload", 1],
      ["mpu.abort", "AbortMultipartUpload", 1],
    ] as const) {
      const seen = await audited.eventsOf(type, count);
      for (const event of seen) {
        assert.deepEqual([event.operation, event.success, event.bucket], [operation, true, BUCKET]);
        assert.match(event.key ?? "", /^done$|^given-up$/);
      }
    }
    assert.deepEqual(await audited.events("mpu.tamper_detected", "mpu.valkey_unavailable"), []);
  });

  it("count parts and Completes by how they end, and measure manifests", async () => {
    const { gateway, metric } = audited;
    const partsOf = (result: string) => metric(`gateway_mpu_parts_total{result="${result}"}`);
    const completesOf = (result: string) =>
      metric(`gateway_mpu_encrypted_total{result="${result}"}`);
    const counted = async () => ({
      parts: [await partsOf("success"), await partsOf("failed")],
      completes: [await completesOf("success"), await completesOf("failed")],
      manifests: [
        await metric("gateway_mpu_manifest_bytes_count"),
        await metric('gateway_mpu_manifest_storage_total{location="inline"}'),
      ],
    });
    const was = await counted();
    const upload = await Uploading.begin(gateway, "counted");
    const wrong = { "x-amz-checksum-sha256": hash("sha256", "other", "base64") };
    assert.equal((await upload.send(1, SMALL, wrong)).code, "BadDigest");
    const part = await upload.part(1, SMALL);
    const unknown = { partNumber: 2, etag: part.etag };
    assert.equal((await upload.complete([unknown])).code, "InvalidPart");
    assert.equal((await upload.complete([part])).status, 200);
    const is = await counted();
    const grown = (name: keyof typeof was) =>
      is[name].map((value, index) => value - (was[name][index] ?? 0));
    assert.deepEqual(grown("parts"), [1, 1]);
    assert.deepEqual(grown("completes"), [1, 1]);
    assert.deepEqual(grown("manifests"), [1, 1]);
    assert.ok((await metric("gateway_mpu_manifest_bytes_sum")) > 0);
  });

  it("count and time the calls of the state store, and what is sealed in it", async () => {
    const { gateway, metric } = audited;
    const upload = await Uploading.begin(gateway, "stored");
    await upload.part(1, SMALL);
    for (const op of ["Create", "Get", "ParkPart"]) {
      const labels = `{op="${op}",result="success"}`;
      assert.ok((await metric(`gateway_mpu_state_store_ops_total${labels}`)) > 0, op);
      const timed = await metric(`gateway_mpu_state_store_latency_seconds_count{op="${op}"}`);
      assert.ok(timed > 0, op);
    }
    assert.ok((await metric('gateway_mpu_state_encrypted_writes_total{op="Create"}')) > 0);
    assert.equal((await fetch(`http://127.0.0.1:${gateway.port}/ready`)).status, 200);
    assert.ok((await metric("gateway_mpu_active_uploads")) > 0);
    assert.ok(
      (await metric('gateway_mpu_state_store_ops_total{op="HealthCheck",result="success"}')) > 0,
    );
    await upload.abort();
  });

  it("tell of tampering before the first byte and after it: mpu.tamper_detected", async () => {
    const { gateway } = audited;
    const layout = [[1, BIG]] as const;
    assert.equal((await uploadParts(gateway, "tampered", layout)).status, 200);
    const { bytes } = await gateway.store.readStored(BUCKET, "tampered");
    const path = pathOf(BUCKET, "tampered");
    let expected = 0;
    for (const [place, at, isHeadSent] of [
      ["first chunk", 5, false],
      ["last chunk", (BIG.length / C - 1) * (C + 16) + 5, true],
      ["manifest", bytes.length - 40, false],
    ] as const) {
      await gateway.store.overwriteStored(BUCKET, "tampered", { bytes: flipped(bytes, at) });
      const got = await gateway.client.send("GET", path).catch(() => undefined);
      if (!isHeadSent) assert.deepEqual([got?.status, got?.code], [500, "InternalError"], place);
      else assert.notEqual(got?.isWhole, true, place);
      expected += 1;
      const event = (await audited.eventsOf("mpu.tamper_detected", expected)).at(-1);
      assert.deepEqual(
        [event?.key, event?.success, event?.error, event?.operation],
        ["tampered", false, "crypto.integrity", "open-object"],
        place,
      );
    }
    // Each has the request id of the read during which it was seen.
    const reads = await audited.eventsOf("decrypt", 3);
    const incidents = await audited.events("mpu.tamper_detected");
    const idsOf = (events: typeof reads) => events.map(({ request_id }) => request_id).sort();
    assert.deepEqual(idsOf(incidents), idsOf(reads));
  });
});

describe("an upload whose state store is away", () => {
  it("is refused with the reason, announced as mpu.valkey_unavailable, and shown by /ready", async () => {
    await using audited = await auditedGateway({
      env: {
        VALKEY_ADDR: "127.0.0.1:1",
        VALKEY_TLS_ENABLED: "false",
        VALKEY_INSECURE_ALLOW_PLAINTEXT: "true",
        KEYS_SECRET: "22".repeat(32),
      },
    });
    const { gateway, metric } = audited;
    const path = pathOf(BUCKET, "k");
    const created = await gateway.client.send("POST", path, { query: "uploads=" });
    assert.deepEqual([created.status, created.code], [503, "ServiceUnavailable"]);
    assert.match(created.text, /state of multipart uploads/);
    const query = "partNumber=1&uploadId=u";
    const part = await gateway.client.send("PUT", path, { query, body: SMALL });
    assert.deepEqual([part.status, part.code], [503, "ServiceUnavailable"]);
    const [first, second] = await audited.eventsOf("mpu.valkey_unavailable", 2);
    assert.deepEqual([first?.operation, first?.error], ["create-upload", "state.unavailable"]);
    assert.deepEqual([second?.operation, second?.metadata?.upload_id], ["seal-part", "u"]);
    assert.equal(await metric("gateway_mpu_valkey_up"), 0);
    assert.equal(await metric("gateway_mpu_valkey_insecure"), 1);
    const ready = await fetch(`http://127.0.0.1:${gateway.port}/ready`);
    const { checks } = (await ready.json()) as { checks: unknown };
    const expected = { backend: "ok", kms: "ok", valkey: "unavailable" };
    assert.deepEqual([ready.status, checks], [503, expected]);
    // Nothing was begun on the backend that nobody would end.
    const left = await gateway.behind.send("GET", `/${BUCKET}`, { query: "uploads=" });
    assert.doesNotMatch(left.text, /<Upload>/);
    assert.equal((await gateway.client.send("PUT", path, { body: SMALL })).status, 200);
  });
});
