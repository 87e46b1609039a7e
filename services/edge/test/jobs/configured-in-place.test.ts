import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { type InPlaceWish, replaceInBucket } from "../../src/jobs/configured-in-place.ts";
import { answer } from "../memory-backend.ts";
import { BUCKET, bucketJobs, rule } from "./bucket-jobs.ts";

const WISH: InPlaceWish = {
  ...{ job: "seal-existing", bucket: BUCKET, prefix: "", perSecond: 1000 },
  ...{ isDry: false, removesSuperseded: false, hasNoWriters: false },
};

async function resultsOf(site: ReturnType<typeof bucketJobs>, wish: Partial<InPlaceWish>) {
  const results: Record<string, string> = {};
  for await (const { outcomes } of replaceInBucket(site.parts, { ...WISH, ...wish })) {
    for (const { key, result } of outcomes) results[key] = result;
  }
  return results;
}

describe("replaceInBucket", () => {
  it("seals what lies plain, and nothing in a dry run", async () => {
    const site = bucketJobs();
    site.backend.put("photos/plain", Buffer.from("meow"));
    site.putSealed("sealed", "purr");
    site.crypto.plain = true;
    assert.deepEqual(await resultsOf(site, { isDry: true }), {
      plain: "waiting",
      sealed: "current",
    });
    assert.ok(site.backend.kept.every(({ request }) => request.method !== "PUT"));
    assert.deepEqual(await resultsOf(site, {}), { plain: "sealed", sealed: "current" });
    assert.ok(site.backend.objects.get("photos/plain")?.headers[HEADER_FIELD]);
    assert.equal(site.crypto.opens[0]?.contents, "mixed", "whatever the policy lets clients read");
  });

  it("unseals where the policy lets plain objects be read, and nowhere else", async () => {
    for (const contents of ["mixed", "pass-through"] as const) {
      const site = bucketJobs({ rules: [rule({ contents })] });
      site.putSealed("sealed", "purr");
      assert.deepEqual(await resultsOf(site, { job: "unseal" }), { sealed: "unsealed" });
      assert.equal(site.crypto.seals[0]?.isSealed, false);
    }
    for (const more of [{ contents: "sealed" }, { contents: "mixed", requiresEncryption: true }]) {
      const site = bucketJobs({ rules: [rule(more as Parameters<typeof rule>[0])] });
      await assert.rejects(resultsOf(site, { job: "unseal" }), { code: "input.invalid" });
      assert.equal(site.backend.kept.length, 0, "nothing was asked");
    }
    const through = bucketJobs({ rules: [rule({ contents: "pass-through" })] });
    await assert.rejects(resultsOf(through, {}), /nothing is sealed there/);
  });

  it("writes nothing where a write at the same moment could be lost, unless nobody writes", async () => {
    const site = bucketJobs({ isHeeding: false });
    site.backend.put("photos/plain", Buffer.from("meow"));
    site.crypto.plain = true;
    await assert.rejects(resultsOf(site, {}), /--no-writers/);
    assert.deepEqual(await resultsOf(site, { hasNoWriters: true }), { plain: "sealed" });
    assert.equal(site.backend.last("PUT").request.headers?.["if-match"], undefined);
  });

  it("leaves uploads in parts where policy stores them plain, and seals the rest even in parts", async () => {
    const site = bucketJobs({ rules: [rule({ contents: "mixed", encryptsMultipart: false })] });
    site.backend.put("photos/upload", Buffer.from("meow"));
    site.backend.put("photos/huge", Buffer.from("meow"));
    site.crypto.plain = true;
    site.own.intercept = ({ method, key }) => {
      if (method !== "HEAD") return undefined;
      const size = key === "huge" ? 6 * 1024 ** 3 : 9;
      const etag = key === "huge" ? '"e"' : '"e-2"';
      return answer(200, { etag, "content-length": `${size}` });
    };
    const results = await resultsOf(site, { hasNoWriters: true });
    assert.equal(results.upload, "skipped");
    const [created] = site.uploads.created;
    assert.deepEqual([created?.target.key, created?.isSealed], ["huge", undefined]);
  });

  it("ends with its signal between objects", async () => {
    const site = bucketJobs();
    site.backend.put("photos/plain", Buffer.from("meow"));
    site.stop.abort(new Error("stopped"));
    await assert.rejects(resultsOf(site, { isDry: true }), /stopped|abort/);
  });
});
