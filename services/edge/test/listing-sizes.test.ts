import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CHUNK_BYTES, HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { plaintextSizeOf, storedSizeOf } from "@s3eg/shared/format/sizes.ts";
import { answer } from "./memory-backend.ts";
import { runningEdge, STANDARD } from "./running-edge.ts";
import { headerFor, storedBytes } from "./stand-in-services.ts";

const LIST = { method: "GET", path: "/photos?list-type=2" };
const MIXED = [{ ...STANDARD, id: "m", contents: "mixed", buckets: ["photos"] }] as const;

async function mixedEdge() {
  return await runningEdge({ rules: [...MIXED] });
}
type Edge = Awaited<ReturnType<typeof mixedEdge>>;

async function sizesOf(edge: Edge): Promise<Record<string, string | undefined>> {
  const root = (await edge.send(LIST)).xml();
  return Object.fromEntries(
    root.all("Contents").map((entry) => [entry.textOf("Key") ?? "", entry.textOf("Size")]),
  );
}

const heads = ({ backend }: Edge) =>
  backend.kept.filter(({ request }) => request.method === "HEAD").length;

function putSealed({ backend }: Edge, key: string, size: number): void {
  const header = headerFor(size, { bucket: "photos", key });
  backend.put(`photos/${key}`, storedBytes(Buffer.alloc(size, key)), { [HEADER_FIELD]: header });
}

describe("sizes of a bucket that holds sealed objects only", () => {
  it("are arithmetic: nothing is looked up", async () => {
    await using edge = await runningEdge();
    for (const size of [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1]) putSealed(edge, `k${size}`, size);
    const expected = { k0: "0", k1: "1", k65536: "65536", k65537: "65537" };
    assert.deepEqual(await sizesOf(edge), expected);
    assert.equal(heads(edge), 0);
  });
});

describe("sizes of a mixed bucket", () => {
  it("are looked up, with the ETag listed, and remembered by it", async () => {
    await using edge = await mixedEdge();
    putSealed(edge, "sealed", 1000);
    edge.backend.put("photos/plain", Buffer.alloc(1000));
    const expected = { sealed: "1000", plain: "1000" };
    assert.deepEqual(await sizesOf(edge), expected);
    const { etag } = edge.backend.objects.get("photos/plain") ?? assert.fail();
    assert.equal(edge.backend.last("HEAD").request.headers?.["if-match"], etag);
    assert.equal(heads(edge), 2);
    assert.deepEqual(await sizesOf(edge), expected);
    assert.equal(heads(edge), 2);
    putSealed(edge, "sealed", 5);
    assert.deepEqual(await sizesOf(edge), { sealed: "5", plain: "1000" });
    assert.equal(heads(edge), 3);
  });

  it("are looked up for at most ten objects at a time", async () => {
    await using edge = await mixedEdge();
    for (let number = 0; number < 35; number += 1) putSealed(edge, `k${number}`, number);
    let [now, most] = [0, 0];
    edge.backend.intercept = async ({ method }) => {
      if (method !== "HEAD") return undefined;
      now += 1;
      most = Math.max(most, now);
      await new Promise(setImmediate);
      now -= 1;
      return undefined;
    };
    const sizes = await sizesOf(edge);
    assert.equal(sizes.k34, "34");
    assert.deepEqual([most, heads(edge)], [10, 35]);
  });

  for (const status of [404, 412, 403]) {
    it(`never show ciphertext of an object whose look-up is answered ${status}`, async () => {
      await using edge = await mixedEdge();
      putSealed(edge, "gone", 500);
      edge.backend.intercept = ({ method }) => (method === "HEAD" ? answer(status) : undefined);
      assert.deepEqual(await sizesOf(edge), { gone: "500" });
    });
  }

  it("are not hidden by an object that is damaged", async () => {
    await using edge = await mixedEdge();
    putSealed(edge, "good", 5);
    edge.backend.put("photos/bad", Buffer.alloc(700), { [HEADER_FIELD]: "damaged" });
    assert.deepEqual(await sizesOf(edge), { good: "5", bad: String(plaintextSizeOf(700)) });
  });

  it("fail the listing when the backend cannot say, and nothing more is asked", async () => {
    await using edge = await mixedEdge();
    for (let number = 0; number < 50; number += 1) putSealed(edge, `k${number}`, number);
    edge.backend.intercept = ({ method }) => (method === "HEAD" ? answer(503) : undefined);
    const { status, code } = await edge.send(LIST);
    assert.deepEqual([status, code], [503, "SlowDown"]);
    await new Promise(setImmediate);
    assert.ok(heads(edge) <= 10, `${heads(edge)} look-ups`);
  });

  it("are the stored size of a plain object, though a sealed one could have it", async () => {
    await using edge = await mixedEdge();
    edge.backend.put("photos/plain", Buffer.alloc(storedSizeOf(5)));
    assert.deepEqual(await sizesOf(edge), { plain: String(storedSizeOf(5)) });
  });
});

describe("manifests of format 1", () => {
  const MARKS = { "x-amz-meta-encrypted": "true", "x-amz-meta-encryption-mpu-manifest": "true" };
  const put = ({ backend }: Edge, key: string, headers: Record<string, string>) =>
    void backend.put(`photos/${key}`, Buffer.alloc(500, key), headers);

  for (const contents of ["sealed+legacy", "mixed"] as const) {
    for (const etag of [undefined, "md5"] as const) {
      it(`are not shown where contents are ${contents}, ETags ${etag ?? "opaque"}, and no object of a client's is missing`, async () => {
        const rule = { ...STANDARD, id: "m", contents, buckets: ["photos"] };
        await using edge = await runningEdge({ rules: [etag ? { ...rule, etag } : rule] });
        put(edge, "a.mpu-manifest", MARKS);
        put(edge, "b.mpu-manifest", { "x-amz-meta-encryption-mpu-manifest": "true" });
        put(edge, "c.mpu-manifest", {});
        put(edge, "d", MARKS);
        const sealedOne = { [HEADER_FIELD]: headerFor(5, { bucket: "photos", key: "e" }) };
        edge.backend.put("photos/e.mpu-manifest", storedBytes(Buffer.alloc(5)), {
          ...sealedOne,
          ...MARKS,
        });
        for (let times = 0; times < 2; times += 1) {
          const root = (await edge.send(LIST)).xml();
          const keys = root.all("Contents").map((entry) => entry.textOf("Key"));
          assert.deepEqual(keys, ["b.mpu-manifest", "c.mpu-manifest", "d", "e.mpu-manifest"]);
        }
      });
    }
  }

  it("are shown where nothing is looked up", async () => {
    await using edge = await runningEdge();
    put(edge, "a.mpu-manifest", MARKS);
    assert.deepEqual(Object.keys(await sizesOf(edge)), ["a.mpu-manifest"]);
  });
});
