import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { incidentSeen } from "@s3eg/shared/contracts/audit.ts";
import { abortUploadById, listUploads } from "@s3eg/shared/contracts/upload-control.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { answerOf } from "../memory-backend.ts";
import { RunningCrypto } from "../running-crypto.ts";
import { RunningUploads } from "./running-uploads.ts";

const ASKING = { requestId: "admin-1" };

async function listOf(crypto: RunningCrypto, input: { after?: string; limit?: number } = {}) {
  const asked = { limit: 1000, ...input };
  const answer = await crypto.keys.bus.request(listUploads, asked, ASKING);
  assert.ok("plain" in answer);
  return answer.plain;
}

async function pageOf(crypto: RunningCrypto, input: { after?: string; limit?: number } = {}) {
  const plain = await listOf(crypto, input);
  assert.ok("page" in plain);
  return plain.page;
}

async function abort(crypto: RunningCrypto, uploadId: string) {
  const answer = await crypto.keys.bus.request(abortUploadById, { uploadId }, ASKING);
  assert.ok("plain" in answer);
  return answer.plain;
}

describe("crypto.upload.list", () => {
  it("lists uploads by id, without anything of their keys", async () => {
    await using uploads = new RunningUploads();
    const made = [await uploads.create(), await uploads.create(), await uploads.create()];
    await uploads.part(made[0]?.uploadId ?? "", 1, Buffer.from("a small part"));
    const page = await pageOf(uploads.crypto);
    assert.deepEqual(
      page.uploads.map(({ uploadId }) => uploadId),
      made.map(({ uploadId }) => uploadId).sort(),
    );
    const [first] = page.uploads;
    assert.deepEqual(Object.keys(first ?? {}).sort(), [
      "bucket",
      "checksumAlgorithm",
      "createdAtMs",
      "expiresAtMs",
      "isSealed",
      "key",
      "uploadId",
    ]);
    assert.deepEqual([first?.bucket, first?.key, first?.isSealed], ["b", "k", true]);
    assert.equal(page.hasMore, false);
    assert.equal(page.total, 3);
  });

  it("gives them page by page, none twice and none left out", async () => {
    await using uploads = new RunningUploads();
    const made = await Promise.all(Array.from({ length: 9 }, () => uploads.create()));
    const seen: string[] = [];
    for (let after = ""; ; ) {
      const page = await pageOf(uploads.crypto, { after, limit: 2 });
      assert.ok(page.uploads.length <= 2);
      assert.equal(page.total, 9);
      seen.push(...page.uploads.map(({ uploadId }) => uploadId));
      if (!page.hasMore) break;
      after = seen.at(-1) ?? "";
    }
    assert.deepEqual(seen, made.map(({ uploadId }) => uploadId).sort());
  });

  it("keeps a page so small that a message holds it", async () => {
    await using uploads = new RunningUploads();
    const target = { bucket: "b", key: "k".repeat(1000) };
    await Promise.all(Array.from({ length: 150 }, () => uploads.create({ target, place: target })));
    const page = await pageOf(uploads.crypto);
    assert.ok(page.uploads.length > 50 && page.uploads.length < 100, `${page.uploads.length}`);
    assert.ok(page.hasMore);
  });

  it("says what is wrong where no state is kept, where it is away, where it was tampered with", async () => {
    const without = await listOf(new RunningCrypto());
    assert.equal("refusal" in without && without.refusal.reason, "NotConfigured");
    for (const [code, reason] of [
      ["state.unavailable", "StateUnavailable"],
      ["crypto.integrity", "StateUnreadable"],
    ] as const) {
      await using uploads = new RunningUploads();
      uploads.state.list = () => {
        throw new Fault(code, "hush");
      };
      const answer = await listOf(uploads.crypto);
      assert.deepEqual(answer, { refusal: { reason, message: code } });
    }
  });
});

describe("crypto.upload.abort", () => {
  it("ends an upload on both sides, and tells the audit trail", async () => {
    await using uploads = new RunningUploads();
    const { bus } = uploads.crypto.keys;
    const { promise: told, resolve } = Promise.withResolvers<unknown>();
    bus.subscribe(incidentSeen, resolve);
    const { uploadId } = await uploads.create();
    await uploads.part(uploadId, 1, Buffer.from("a small part"));
    assert.deepEqual(await abort(uploads.crypto, uploadId), { aborted: { bucket: "b", key: "k" } });
    assert.equal(uploads.backend.uploads.size, 0);
    assert.equal((await uploads.state.check()).activeUploads, 0);
    const { timestamp: _when, ...incident } = (await told) as Record<string, unknown>;
    assert.deepEqual(incident, {
      incident: "mpu.abort",
      operation: "crypto.upload.abort",
      requestId: "admin-1",
      bucket: "b",
      key: "k",
      uploadId,
    });
    const again = await abort(uploads.crypto, uploadId);
    assert.equal("refusal" in again && again.refusal.reason, "NoSuchUpload");
  });

  it("changes nothing where the backend does not do it, and tells what the backend said", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    const denied = Buffer.from("<Error><Code>AccessDenied</Code></Error>");
    uploads.backend.intercept = () => answerOf(403, {}, denied);
    const refused = await abort(uploads.crypto, uploadId);
    assert.ok("refusal" in refused);
    assert.equal(refused.refusal.reason, "BackendFailed");
    assert.match(refused.refusal.message, /AccessDenied/);
    uploads.backend.intercept = () => answerOf(503);
    const away = await abort(uploads.crypto, uploadId);
    assert.equal("refusal" in away && away.refusal.reason, "BackendFailed");
    uploads.backend.intercept = (answer) => answer;
    assert.equal((await uploads.state.check()).activeUploads, 1);
  });

  it("ends what the backend has ended already", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    uploads.backend.uploads.delete(uploadId);
    assert.deepEqual(await abort(uploads.crypto, uploadId), { aborted: { bucket: "b", key: "k" } });
    assert.equal((await uploads.state.check()).activeUploads, 0);
  });

  it("is refused where no state is kept, and where it is away", async () => {
    const without = await abort(new RunningCrypto(), "u");
    assert.equal("refusal" in without && without.refusal.reason, "NotConfigured");
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    await uploads.state[Symbol.asyncDispose]();
    const away = await abort(uploads.crypto, uploadId);
    assert.equal("refusal" in away && away.refusal.reason, "StateUnavailable");
    assert.equal(uploads.backend.uploads.size, 1);
  });
});
