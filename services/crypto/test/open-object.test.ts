import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeHeader } from "@s3eg/shared/format/header.ts";
import { headerMac } from "@s3eg/shared/sealing/object-keys.ts";
import { answerOf } from "./memory-backend.ts";
import { C, plaintextOf, RunningCrypto } from "./running-crypto.ts";

const HEADER = "x-amz-meta-s3eg";

async function cryptoWith(size: number) {
  const crypto = new RunningCrypto();
  const plaintext = plaintextOf(size);
  await crypto.seal("k", plaintext);
  crypto.backend.requests.length = 0;
  return { crypto, plaintext };
}

describe("open-object", () => {
  for (const size of [0, 1, C, C + 1, 3 * C]) {
    it(`gives back ${size} bytes with one question and one request`, async () => {
      const { crypto, plaintext } = await cryptoWith(size);
      crypto.keys.asked = 0;
      const { result, bytes } = await crypto.open("k");
      assert.ok(bytes.equals(plaintext));
      assert.deepEqual([result.size, result.isSealed], [size, true]);
      assert.deepEqual(result.range, { offset: 0, length: size });
      assert.deepEqual([crypto.keys.asked, crypto.backend.requests.length], [1, 1]);
    });
  }

  it("gives a range with one request, of the chunks that hold it", async () => {
    const { crypto, plaintext } = await cryptoWith(3 * C);
    const { result, bytes } = await crypto.open("k", { range: { first: C + 5, last: C + 9 } });
    assert.ok(bytes.equals(plaintext.subarray(C + 5, C + 10)));
    assert.deepEqual(result.range, { offset: C + 5, length: 5 });
    const ranges = crypto.backend.requests.map(({ headers }) => headers?.range);
    assert.deepEqual(ranges, [`bytes=${C + 16}-${2 * (C + 16) - 1}`]);
  });

  it("gives a range also where the backend sends the whole object", async () => {
    const { crypto, plaintext } = await cryptoWith(2 * C);
    const stored = crypto.backend.objects.get("k");
    assert.ok(stored);
    crypto.backend.intercept = () => answerOf(200, stored.headers, stored.bytes);
    const { bytes } = await crypto.open("k", { range: { suffix: 9 } });
    assert.ok(bytes.equals(plaintext.subarray(-9)));
  });

  it("says with the authenticated size that a range lies beyond the end", async () => {
    const { crypto } = await cryptoWith(10);
    for (const range of [
      { first: 10 },
      { first: 10, last: 12 },
      { first: 9 * C },
      { first: 9 * C, last: 9 * C },
      { suffix: 0 },
    ]) {
      const opened = crypto.open("k", { range });
      await assert.rejects(opened, { code: "crypto.invalid-range", details: { size: 10 } });
    }
  });

  it("takes no refusal of a range for true that the size does not confirm", async () => {
    const { crypto } = await cryptoWith(10);
    crypto.backend.intercept = (answer, { method }) => (method === "GET" ? answerOf(416) : answer);
    const opened = crypto.open("k", { range: { first: 5 } });
    await assert.rejects(opened, { code: "crypto.integrity" });
  });

  it("passes version, conditions and overrides on, and hides its own header", async () => {
    const { crypto } = await cryptoWith(10);
    const { result } = await crypto.open("k", {
      target: { bucket: "b", key: "k", versionId: "v1", identity: "I" },
      headers: { "if-match": crypto.backend.objects.get("k")?.etag ?? "" },
      query: [["response-content-type", "text/y"]],
    });
    const [request] = crypto.backend.requests;
    assert.deepEqual(request?.query, [
      ["response-content-type", "text/y"],
      ["versionId", "v1"],
    ]);
    assert.equal(request?.identity, "I");
    assert.equal(result.headers[HEADER], undefined);
    const refused = crypto.open("k", { headers: { "if-match": '"other"' } });
    await assert.rejects(refused, { code: "backend.refused", message: /412 PreconditionFailed/ });
  });

  it("refuses stored bytes of another length than the header says, before any is delivered", async () => {
    for (const change of [-1, 1]) {
      const { crypto } = await cryptoWith(10);
      const stored = crypto.backend.objects.get("k");
      assert.ok(stored);
      const bytes = Buffer.alloc(stored.bytes.length + change);
      crypto.backend.objects.set("k", { ...stored, bytes });
      for (const wish of [{}, { range: { first: 0 } }]) {
        await assert.rejects(crypto.open("k", wish), { code: "crypto.integrity" });
      }
    }
  });

  it("refuses a partial answer that does not say what it is", async () => {
    const { crypto } = await cryptoWith(10);
    crypto.backend.intercept = (answer) => ({
      ...answer,
      headers: { ...answer.headers, "content-range": "bytes 0-9/*" },
    });
    const opened = crypto.open("k", { range: { first: 0 } });
    await assert.rejects(opened, { code: "crypto.integrity" });
  });

  it("refuses an object of a layout that it does not read, also beyond its end", async () => {
    const crypto = new RunningCrypto();
    const place = { bucket: "b", key: "k" };
    for (const flags of [1, 2]) {
      const size = flags === 1 ? undefined : 10;
      const { header } = await crypto.keys.dataKeys.issue({ place, suite: 1, flags, size }, "r");
      crypto.backend.put("k", Buffer.alloc(storedBytes), { [HEADER]: header });
      for (const wish of [{}, { range: { first: 0 } }, { range: { first: 9 * C } }]) {
        await assert.rejects(crypto.open("k", wish), { code: "crypto.integrity" });
      }
    }
  });

  it("refuses an object whose metadata were tampered with, in every way to read it", async () => {
    const crypto = new RunningCrypto();
    const sealed = { headers: { "x-amz-meta-a": "1" }, sealsMetadata: true };
    await crypto.seal("k", plaintextOf(10), sealed);
    const stored = crypto.backend.objects.get("k");
    assert.ok(stored);
    const { [`${HEADER}-m`]: value = "", ...lost } = stored.headers;
    const { [HEADER]: _, ...headless } = stored.headers;
    const middle = Math.floor(value.length / 2);
    const other = value.charAt(middle) === "A" ? "B" : "A";
    const changed = `${value.slice(0, middle)}${other}${value.slice(middle + 1)}`;
    const spoilt = { ...lost, [`${HEADER}-m`]: changed };
    for (const headers of [lost, headless, spoilt]) {
      crypto.backend.objects.set("k", { ...stored, headers });
      for (const wish of [{}, { range: { first: 0 } }, { range: { first: 9 * C } }, { part: 1 }]) {
        const opened = crypto.open("k", { ...wish, contents: "mixed" });
        await assert.rejects(opened, { code: "crypto.integrity" });
      }
    }
  });

  it("refuses a plain object, and an empty header", async () => {
    const crypto = new RunningCrypto();
    crypto.backend.put("plain", Buffer.from("x"));
    await assert.rejects(crypto.open("plain"), { code: "crypto.not-sealed" });
    crypto.backend.put("empty", Buffer.from("x"), { [HEADER]: "" });
    await assert.rejects(crypto.open("empty", { contents: "mixed" }), { code: "crypto.integrity" });
  });

  it("throws what the backend says of an object that is not there", async () => {
    const crypto = new RunningCrypto();
    for (const wish of [{}, { range: { first: 0 } }]) {
      const opened = crypto.open("nothing", wish);
      await assert.rejects(opened, { code: "backend.refused", message: /NoSuchKey/ });
    }
  });

  it("gives part 1 of an object in one piece whole, and has no other", async () => {
    const { crypto } = await cryptoWith(10);
    const { result, bytes } = await crypto.open("k", { part: 1 });
    assert.deepEqual([bytes.length, result.size, result.part], [10, 10, undefined]);
    const [seen, read] = crypto.backend.requests.slice(-2);
    const etag = crypto.backend.objects.get("k")?.etag;
    assert.deepEqual([seen?.headers?.range, read?.headers?.["if-match"]], ["bytes=0-0", etag]);
    await assert.rejects(crypto.open("k", { part: 2 }), { code: "backend.refused" });
    await assert.rejects(crypto.open("none", { part: 1 }), { code: "backend.refused" });
  });

  it("does not give another object for part 1 than the one it saw", async () => {
    const { crypto } = await cryptoWith(10);
    crypto.backend.intercept = (answer, { headers }) =>
      headers?.range === undefined
        ? { ...answer, headers: { ...answer.headers, [HEADER]: "AgEA" } }
        : answer;
    await assert.rejects(crypto.open("k", { part: 1 }), { code: "backend.changed" });
  });

  it("believes a size only under the MAC", async () => {
    const { crypto } = await cryptoWith(10);
    const stored = crypto.backend.objects.get("k");
    assert.ok(stored);
    const place = { bucket: "b", key: "k" };
    const value = stored.headers[HEADER] ?? "";
    const { header } = await crypto.keys.dataKeys.open({ header: value, place }, "r");
    const other = await crypto.keys.dataKeys.issue({ place, suite: 1, flags: 0, size: 1 }, "r");
    const forged = encodeHeader({ ...header, plaintextSize: 11 }, (input) =>
      headerMac(other.keys, input),
    );
    crypto.backend.put("k", Buffer.alloc(stored.bytes.length + 1), { [HEADER]: forged });
    await assert.rejects(crypto.open("k"), { code: "crypto.integrity" });
  });
});

const storedBytes = 10 + 16 + 128;
