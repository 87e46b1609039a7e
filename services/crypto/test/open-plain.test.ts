import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BackendRequest, BackendResponse } from "@s3eg/shared/backend/backend.ts";
import { answerOf } from "./memory-backend.ts";
import { C, plaintextOf, RunningCrypto } from "./running-crypto.ts";

const mixed = { contents: "mixed" } as const;

function cryptoWith(bytes: Buffer): RunningCrypto {
  const crypto = new RunningCrypto();
  crypto.backend.put("k", bytes, { "content-type": "text/x" });
  return crypto;
}

describe("a plain object in a mixed bucket", () => {
  it("is given as it is, and said to be unsealed", async () => {
    for (const size of [0, 1, 154, C + 154]) {
      const bytes = plaintextOf(size);
      const opened = await cryptoWith(bytes).open("k", mixed);
      assert.ok(opened.bytes.equals(bytes));
      const { result } = opened;
      assert.deepEqual([result.size, result.isSealed], [size, false]);
      assert.equal(result.headers["content-type"], "text/x");
    }
  });

  it("is asked for again with the client's own range, pinned to what was seen", async () => {
    const bytes = plaintextOf(3 * C);
    for (const [range, from, to] of [
      [{ first: 5, last: 9 }, 5, 10],
      [{ first: C, last: 9 * C }, C, 3 * C],
      [{ first: 2 * C }, 2 * C, 3 * C],
      [{ suffix: 7 }, 3 * C - 7, 3 * C],
      [{ suffix: 9 * C }, 0, 3 * C],
    ] as const) {
      const crypto = cryptoWith(bytes);
      const { result, bytes: part } = await crypto.open("k", { ...mixed, range });
      assert.ok(part.equals(bytes.subarray(from, to)), JSON.stringify(range));
      assert.deepEqual(result.range, { offset: from, length: to - from });
      assert.equal(result.size, bytes.length);
      const etag = crypto.backend.objects.get("k")?.etag;
      assert.equal(crypto.backend.requests.at(-1)?.headers?.["if-match"], etag);
    }
  });

  it("has no bytes beyond its end", async () => {
    const crypto = cryptoWith(Buffer.from("0123456789"));
    for (const range of [{ first: 10 }, { first: 9 * C, last: 9 * C }]) {
      const opened = crypto.open("k", { ...mixed, range });
      await assert.rejects(opened, { code: "backend.refused", message: /416 InvalidRange/ });
    }
  });

  it("that changes meanwhile is asked for again by whoever wants it", async () => {
    for (const change of [
      (crypto: RunningCrypto) => void crypto.backend.put("k", Buffer.from("other")),
      (crypto: RunningCrypto) => {
        const stored = crypto.backend.objects.get("k");
        const headers = { "x-amz-meta-s3eg": "AgEA" };
        if (stored) crypto.backend.objects.set("k", { ...stored, headers });
      },
    ]) {
      const crypto = cryptoWith(plaintextOf(C));
      crypto.backend.intercept = (answer) => {
        change(crypto);
        return answer;
      };
      const opened = crypto.open("k", { ...mixed, range: { first: 1, last: 2 } });
      await assert.rejects(opened, { code: "backend.changed" });
    }
  });

  it("is not given where the backend answers another range", async () => {
    for (const headers of [
      { "content-range": "bytes 0-1/10" },
      { "content-range": "bytes 1-3/10" },
      { "content-range": "nonsense" },
      {},
    ]) {
      const crypto = cryptoWith(Buffer.from("0123456789"));
      const etag = crypto.backend.objects.get("k")?.etag ?? "";
      crypto.backend.intercept = (answer, request) =>
        request.headers?.["if-match"]
          ? answerOf(206, { ...headers, etag }, Buffer.from("12"))
          : answer;
      const opened = crypto.open("k", { ...mixed, range: { first: 1, last: 2 } });
      await assert.rejects(opened, { code: "backend.unavailable" }, JSON.stringify(headers));
    }
  });

  it("has the parts that the backend says it has", async () => {
    const bytes = plaintextOf(300);
    const crypto = cryptoWith(bytes);
    const partOf = (answer: BackendResponse, request: BackendRequest) =>
      (request.query ?? []).some(([name]) => name === "partNumber")
        ? answerOf(206, { "content-range": "bytes 100-299/300" }, bytes.subarray(100))
        : answer;
    crypto.backend.intercept = partOf;
    const { result, bytes: part } = await crypto.open("k", { ...mixed, part: 2 });
    assert.ok(part.equals(bytes.subarray(100)));
    assert.deepEqual([result.size, result.range], [300, { offset: 100, length: 200 }]);
    assert.deepEqual(crypto.backend.requests.at(-1)?.query, [["partNumber", "2"]]);
    const sealed = crypto.open("k", { contents: "sealed", part: 2 });
    await assert.rejects(sealed, { code: "crypto.not-sealed" });
  });

  it("is not taken whole for a part of it, and changes nothing meanwhile", async () => {
    const crypto = cryptoWith(plaintextOf(300));
    const whole = await crypto.open("k", { ...mixed, part: 1 });
    assert.equal(whole.bytes.length, 300);
    await assert.rejects(crypto.open("k", { ...mixed, part: 2 }), { code: "backend.refused" });
    const empty = await cryptoWith(Buffer.alloc(0)).open("k", { ...mixed, part: 1 });
    assert.equal(empty.bytes.length, 0);
    crypto.backend.intercept = (answer, { query = [] }) =>
      query.length > 0
        ? { ...answer, headers: { ...answer.headers, "x-amz-meta-s3eg": "AgEA" } }
        : answer;
    await assert.rejects(crypto.open("k", { ...mixed, part: 1 }), { code: "backend.changed" });
  });
});
