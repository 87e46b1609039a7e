import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { describeObjects, sealObject } from "@s3eg/shared/contracts/crypto.ts";
import { bodyOfBytes } from "@s3eg/shared/http/body.ts";
import { answerOf } from "./memory-backend.ts";
import { C, plaintextOf, RunningCrypto } from "./running-crypto.ts";

const MD5 = "0123456789abcdef0123456789abcdef";
const checksum = { algorithm: "crc32", type: "FULL_OBJECT", value: "AAAAAA==" } as const;

async function describeAll(
  crypto: RunningCrypto,
  objects: readonly { key: string; etag: string }[],
  contents: "sealed" | "mixed" = "sealed",
) {
  const input = { bucket: "b", boundTo: "b", contents, objects: [...objects], headers: {} };
  const answer = await crypto.keys.bus.request(describeObjects, input, { requestId: "r" });
  assert.ok("plain" in answer);
  return answer.plain.described;
}

async function sealWith(crypto: RunningCrypto, key: string, size: number): Promise<string> {
  const target = { bucket: "b", key };
  const head = { target, place: target, suite: 1, size, headers: {} } as const;
  const tail = () => ({ md5: MD5, checksum });
  const sending = { head, body: bodyOfBytes(plaintextOf(size)), tail };
  const { etag } = await crypto.transfers.upload(sealObject, sending, { requestId: "r" });
  return etag;
}

describe("describing objects", () => {
  it("tells size, MD5 and checksum, from the last bytes alone", async () => {
    const crypto = new RunningCrypto();
    const sizes = [0, 1, 3 * C + 1];
    const objects = [];
    for (const size of sizes) {
      objects.push({ key: `k-${size}`, etag: await sealWith(crypto, `k-${size}`, size) });
    }
    crypto.backend.requests.length = 0;
    const described = await describeAll(crypto, objects);
    const facts = sizes.map((size) => ({ facts: { size, isSealed: true, etag: MD5, checksum } }));
    assert.deepEqual(described, facts);
    const ranges = crypto.backend.requests.map(({ headers }) => headers?.range);
    assert.deepEqual(ranges, ["bytes=-128", "bytes=-128", "bytes=-128"]);
  });

  it("tells nothing of an object whose sealed metadata were tampered with", async () => {
    const crypto = new RunningCrypto();
    const wish = { headers: { "x-amz-meta-a": "1" }, sealsMetadata: true };
    const { etag } = await crypto.seal("k", plaintextOf(5), wish);
    const [good] = await describeAll(crypto, [{ key: "k", etag }]);
    assert.deepEqual(good, { facts: { size: 5, isSealed: true } });
    const stored = crypto.backend.objects.get("k");
    assert.ok(stored);
    const { "x-amz-meta-s3eg-m": _, ...headers } = stored.headers;
    crypto.backend.objects.set("k", { ...stored, headers });
    const [lost] = await describeAll(crypto, [{ key: "k", etag }]);
    assert.ok(lost && "fault" in lost);
    assert.match(JSON.stringify(lost.fault), /crypto\.integrity/);
  });

  it("says of each object by itself what is wrong with it", async () => {
    const crypto = new RunningCrypto();
    const good = { key: "good", etag: await sealWith(crypto, "good", 5) };
    const spoilt = { key: "spoilt", etag: await sealWith(crypto, "spoilt", 5) };
    const stored = crypto.backend.objects.get("spoilt");
    assert.ok(stored);
    const bytes = Buffer.from(stored.bytes);
    bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1;
    crypto.backend.objects.set("spoilt", { ...stored, bytes });
    const changed = { key: "good", etag: '"another"' };
    const plain = { key: "plain", etag: crypto.backend.put("plain", Buffer.from("x")) };
    const gone = { key: "gone", etag: '"e"' };
    const described = await describeAll(crypto, [good, spoilt, changed, plain, gone]);
    const codes = described.map((one) =>
      "fault" in one ? (one.fault as { code: string }).code : "-",
    );
    assert.deepEqual(codes, [
      "-",
      "crypto.integrity",
      "backend.changed",
      "crypto.not-sealed",
      "backend.refused",
    ]);
  });

  it("tells the true size of plain objects in a mixed bucket", async () => {
    const crypto = new RunningCrypto();
    const objects = [0, 5, 300].map((size) => {
      const key = `plain-${size}`;
      return { key, etag: crypto.backend.put(key, plaintextOf(size)) };
    });
    const described = await describeAll(crypto, objects, "mixed");
    const sizes = described.map((one) => ("facts" in one ? one.facts.size : undefined));
    assert.deepEqual(sizes, [0, 5, 300]);
  });

  it("reads the last bytes also where the backend sends all of them", async () => {
    const crypto = new RunningCrypto();
    const object = { key: "k", etag: await sealWith(crypto, "k", 2 * C) };
    const stored = crypto.backend.objects.get("k");
    assert.ok(stored);
    const { etag } = stored;
    crypto.backend.intercept = () => answerOf(200, { ...stored.headers, etag }, stored.bytes);
    const [described] = await describeAll(crypto, [object]);
    assert.deepEqual(described, { facts: { size: 2 * C, isSealed: true, etag: MD5, checksum } });
  });

  it("refuses another part than it asked for", async () => {
    const crypto = new RunningCrypto();
    const object = { key: "k", etag: await sealWith(crypto, "k", 5) };
    for (const range of ["bytes 0-127/149", "bytes 21-148/150", "bytes 20-147/149"]) {
      crypto.backend.intercept = (answer) => ({
        ...answer,
        headers: { ...answer.headers, "content-range": range },
      });
      const [described] = await describeAll(crypto, [object]);
      assert.ok(described && "fault" in described, range);
      assert.equal((described.fault as { code: string }).code, "crypto.integrity", range);
    }
  });
});
