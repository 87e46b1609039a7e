import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sealObject } from "@s3eg/shared/contracts/crypto.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { decodeHeader } from "@s3eg/shared/format/header.ts";
import { openBody } from "@s3eg/shared/sealing/open.ts";
import { answerOf } from "./memory-backend.ts";
import { C, plaintextOf, RunningCrypto } from "./running-crypto.ts";

const HEADER = "x-amz-meta-s3eg";
const target = { bucket: "b", key: "k" };

describe("seal-object", () => {
  for (const size of [0, 1, C, C + 1]) {
    it(`stores ${size} bytes sealed, with a header that opens them`, async () => {
      const crypto = new RunningCrypto();
      const plaintext = plaintextOf(size);
      const headers = { "content-type": "text/x", "x-amz-meta-a": "1" };
      const result = await crypto.seal("k", plaintext, { suite: 2, headers });
      const stored = crypto.backend.objects.get("k");
      assert.ok(stored);
      assert.equal(result.etag, stored.etag);
      assert.equal(result.headers["x-amz-version-id"], "v1");
      assert.equal(stored.headers["content-type"], "text/x");
      assert.equal(stored.headers["x-amz-meta-a"], "1");
      const value = stored.headers[HEADER] ?? "";
      const { header, keys } = await crypto.keys.dataKeys.open(
        { header: value, place: target },
        "r",
      );
      assert.deepEqual([header.suite, header.flags, header.plaintextSize], [2, 0, size]);
      const opened = openBody(answerOf(200, {}, stored.bytes).body, { keys, suite: 2, size });
      const pieces: Uint8Array[] = [];
      await opened.pump((piece) => void pieces.push(Buffer.from(piece)));
      assert.ok(Buffer.concat(pieces).equals(plaintext));
    });
  }

  it("never seals two objects with one key", async () => {
    const crypto = new RunningCrypto();
    for (const key of ["1", "2", "1"]) await crypto.seal(key, Buffer.from("same"));
    const seen = crypto.backend.requests.map(({ headers }) => headers?.[HEADER] ?? "");
    const commitments = seen.map((value) =>
      Buffer.from(decodeHeader(value).commitment).toString("hex"),
    );
    assert.equal(new Set(commitments).size, 3);
  });

  it("seals under the key that the policy wishes for", async () => {
    const crypto = new RunningCrypto();
    await crypto.seal("k", Buffer.from("x"), { keyWish: { provider: "rsa", keyId: "tenant" } });
    const { provider, keyId } = decodeHeader(
      crypto.backend.objects.get("k")?.headers[HEADER] ?? "",
    );
    assert.deepEqual([provider, keyId], ["rsa", "tenant"]);
  });

  it("refuses what is too large before anybody is asked", async () => {
    const crypto = new RunningCrypto();
    const sealed = crypto.seal("k", Buffer.from("x"), { size: 5_367_398_577 });
    await assert.rejects(sealed, { code: "limit.body-too-large" });
    assert.deepEqual([crypto.keys.asked, crypto.backend.requests.length], [0, 0]);
  });

  it("refuses metadata that leaves no room for the header, before a byte is sent", async () => {
    const crypto = new RunningCrypto();
    for (const [length, code] of [
      [1024, undefined],
      [1900, "limit.metadata-too-large"],
      [2049, "limit.metadata-too-large"],
    ] as const) {
      const headers = { "x-amz-meta-a": "x".repeat(length) };
      const sealed = crypto.seal(`k-${length}`, Buffer.from("x"), { headers });
      if (code) await assert.rejects(sealed, { code });
      else await sealed;
    }
    assert.deepEqual([...crypto.backend.objects.keys()], ["k-1024"]);
  });

  it("hides metadata and content headers where that is wished, and gives them back with the bytes", async () => {
    const crypto = new RunningCrypto();
    const headers = { "content-type": "text/x", "x-amz-meta-a": "secret", "x-amz-acl": "private" };
    await crypto.seal("k", Buffer.from("bytes"), { headers, sealsMetadata: true });
    const stored = crypto.backend.objects.get("k");
    assert.deepEqual(Object.keys(stored?.headers ?? {}).toSorted(), [
      "content-type",
      "x-amz-acl",
      HEADER,
      `${HEADER}-m`,
    ]);
    assert.equal(stored?.headers["content-type"], "application/octet-stream");
    for (const range of [undefined, { first: 1, last: 2 }]) {
      const { result, bytes } = await crypto.open("k", range ? { range } : {});
      assert.equal(bytes.toString(), range ? "yt" : "bytes");
      assert.equal(result.headers["x-amz-meta-a"], "secret");
      assert.equal(result.headers["content-type"], "text/x");
      assert.equal(result.headers[`${HEADER}-m`], undefined);
    }
    assert.equal((await crypto.open("k", { part: 1 })).result.headers["x-amz-meta-a"], "secret");
  });

  it("stores nothing of a body that fails, and throws the body's own error", async () => {
    const crypto = new RunningCrypto();
    await crypto.seal("k", Buffer.from("old"));
    const before = crypto.backend.objects.get("k");
    const fault = new Fault("input.bad-digest", "not what was promised");
    const body = {
      pump: async (take: (piece: Uint8Array) => void | Promise<void>) => {
        await take(plaintextOf(C + 1));
        throw fault;
      },
      destroy: () => undefined,
    };
    const head = { target, place: target, suite: 1, size: C + 1, headers: {} } as const;
    const sending = { head, body, tail: () => ({}) };
    const sealed = crypto.transfers.upload(sealObject, sending, { requestId: "r" });
    await assert.rejects(sealed, (error) => error === fault);
    assert.equal(crypto.backend.objects.get("k"), before);
  });

  it("stores nothing of a body that is shorter or longer than announced", async () => {
    for (const size of [3, 5]) {
      const crypto = new RunningCrypto();
      const sealed = crypto.seal("k", Buffer.from("1234"), { size });
      await assert.rejects(sealed, { code: "input.incomplete-body" });
      assert.equal(crypto.backend.objects.size, 0);
    }
  });

  it("passes on what the backend refuses, and does not believe an answer without an ETag", async () => {
    for (const [answer, code] of [
      [
        answerOf(403, {}, Buffer.from("<Error><Code>AccessDenied</Code></Error>")),
        "backend.refused",
      ],
      [answerOf(412), "backend.refused"],
      [answerOf(503), "backend.throttled"],
      [answerOf(200), "backend.unavailable"],
    ] as const) {
      const crypto = new RunningCrypto();
      crypto.backend.intercept = () => answer;
      await assert.rejects(crypto.seal("k", Buffer.from("x")), { code });
    }
  });
});
