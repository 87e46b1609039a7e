import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { auditedGateway } from "./audited-gateway.ts";
import { C, plaintextOf } from "./plaintext.ts";
import { BUCKET, runningGateway } from "./running-gateway.ts";
import { elementOf, MIN_PART, Uploading, uploadParts } from "./uploading.ts";
import { pathOf } from "./wire-client.ts";

const BIG = plaintextOf(MIN_PART, 1);
const SMALL = plaintextOf(C + 3, 2);
const LAYOUT = [
  [1, BIG],
  [2, SMALL],
] as const;
const UNSEALED = `id: unsealed
buckets: [${BUCKET}]
contents: mixed
encrypt_multipart_uploads: false
`;

describe("encrypt_multipart_uploads: false", () => {
  for (const etag of ["opaque", "md5"]) {
    it(`stores objects of parts as they are, with one size and one ETag everywhere (${etag})`, async () => {
      await using audited = await auditedGateway({ policies: [`${UNSEALED}etag: ${etag}\n`] });
      const { gateway, metric } = audited;
      const done = await uploadParts(gateway, "plain", LAYOUT);
      assert.equal(done.status, 200, done.text);
      const whole = Buffer.concat([BIG, SMALL]);
      const { bytes, metadata } = await gateway.store.readStored(BUCKET, "plain");
      assert.ok(bytes.equals(whole));
      assert.equal(metadata["x-amz-meta-s3eg"], undefined);
      const path = pathOf(BUCKET, "plain");
      const got = await gateway.client.send("GET", path);
      assert.ok(got.bytes.equals(whole));
      const range = { range: `bytes=${MIN_PART - 1}-${MIN_PART}` };
      const part = await gateway.client.send("GET", path, { headers: range });
      assert.ok(part.bytes.equals(whole.subarray(MIN_PART - 1, MIN_PART + 1)));
      const head = await gateway.client.send("HEAD", path);
      assert.equal(head.headers["content-length"], String(whole.length));
      const listed = await gateway.client.send("GET", `/${BUCKET}`, { query: "prefix=plain" });
      assert.equal(elementOf(listed, "Size"), String(whole.length));
      const tags = [elementOf(done, "ETag"), elementOf(listed, "ETag")];
      assert.deepEqual(new Set([...tags, head.headers.etag, got.headers.etag]).size, 1);
      assert.equal(await metric('gateway_mpu_encrypted_total{result="success"}'), 0);
      assert.equal(await metric('gateway_mpu_parts_total{result="success"}'), 0);
      // An object of one piece is sealed as ever.
      await gateway.client.send("PUT", pathOf(BUCKET, "single"), { body: SMALL });
      assert.equal((await gateway.store.readStored(BUCKET, "single")).bytes.equals(SMALL), false);
      const warned = gateway.lines.filter((line) => line.includes('"policy":"unsealed"'));
      assert.equal(warned.length, 2);
    });
  }

  it("does not take a copy of what must stay sealed", async () => {
    const strict = "id: strict\nbuckets: [strict]\nrequire_encryption: true\n";
    await using gateway = await runningGateway({ policies: [UNSEALED, strict] });
    await gateway.client.send("PUT", "/strict");
    await gateway.client.send("PUT", "/strict/secret", { body: SMALL });
    await gateway.client.send("PUT", pathOf(BUCKET, "own"), { body: SMALL });
    const upload = await Uploading.begin(gateway, "k");
    const refused = await upload.copy(1, "/strict/secret");
    assert.deepEqual([refused.status, refused.code], [403, "AccessDenied"]);
    assert.equal((await upload.copy(1, `/${BUCKET}/own`)).status, 200);
  });
});

describe("require_encryption", () => {
  it("refuses copies of what lies unsealed, whole and in parts", async () => {
    const mixed = "id: mixed\nbuckets: [mixed]\ncontents: mixed\n";
    const strict = `id: strict\nbuckets: [${BUCKET}]\nrequire_encryption: true\n`;
    await using gateway = await runningGateway({ policies: [mixed, strict] });
    await gateway.behind.send("PUT", "/mixed");
    await gateway.behind.send("PUT", "/mixed/plain", { body: SMALL });
    await gateway.client.send("PUT", "/mixed/sealed", { body: SMALL });
    const upload = await Uploading.begin(gateway, "k");
    for (const [source, status] of [
      ["/mixed/plain", 403],
      ["/mixed/sealed", 200],
    ] as const) {
      assert.equal((await upload.copy(1, source)).status, status, source);
      const headers = { "x-amz-copy-source": source };
      const copied = await gateway.client.send("PUT", pathOf(BUCKET, "copy"), { headers });
      assert.equal(copied.status, status, source);
    }
  });
});

describe("server.max_part_buffer", () => {
  it("refuses a larger part with 413, and nothing of it reaches the backend", async () => {
    const env = { SERVER_MAX_PART_BUFFER: String(MIN_PART) };
    await using gateway = await runningGateway({ env });
    const upload = await Uploading.begin(gateway, "k");
    const refused = await upload.send(1, plaintextOf(MIN_PART + 1, 1));
    assert.deepEqual([refused.status, refused.code], [413, "EntityTooLarge"]);
    const query = `uploadId=${upload.uploadId}`;
    const behind = await gateway.behind.send("GET", upload.path, { query });
    assert.doesNotMatch(behind.text, /<Part>/);
    assert.equal((await upload.send(1, BIG)).status, 200);
  });
});

describe("server.disable_multipart_uploads", () => {
  it("answers uploads with 501, keeps no state, and serves everything else", async () => {
    const off = { SERVER_DISABLE_MULTIPART_UPLOADS: "true", MULTIPART_STATE_EMBEDDED: "off" };
    await using gateway = await runningGateway({ env: off });
    await assert.rejects(Uploading.begin(gateway, "k"), /NotImplemented/);
    const ready = await fetch(`http://127.0.0.1:${gateway.port}/ready`);
    const { checks } = (await ready.json()) as { checks: unknown };
    assert.deepEqual(checks, { backend: "ok", kms: "ok" });
    const path = pathOf(BUCKET, "k");
    assert.equal((await gateway.client.send("PUT", path, { body: SMALL })).status, 200);
    assert.ok((await gateway.client.send("GET", path)).bytes.equals(SMALL));
  });
});

describe("uploads without keys", () => {
  for (const subject of ["keys.data-key.issue", "keys.data-key.unwrap"]) {
    it(`are refused with the reason while nobody answers ${subject}`, async () => {
      await using gateway = await runningGateway();
      const upload = await Uploading.begin(gateway, "k");
      using _ = gateway.bus.trouble(subject, "no-responder");
      const answer =
        subject === "keys.data-key.issue"
          ? await gateway.client.send("POST", upload.path, { query: "uploads=" })
          : await upload.send(1, SMALL);
      assert.deepEqual([answer.status, answer.code], [503, "ServiceUnavailable"]);
      assert.match(answer.text, /holds the keys/);
    });
  }
});
