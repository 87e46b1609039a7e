import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import { verifyBucket, verifyObject } from "../../src/jobs/configured-verify.ts";
import { answer, refusal } from "../memory-backend.ts";
import { BUCKET, bucketJobs } from "./bucket-jobs.ts";

describe("verifyBucket", () => {
  it("opens every object to its end, and goes on after one that does not open", async () => {
    const site = bucketJobs();
    for (const key of ["a", "b", "c"]) site.putSealed(key, `text of ${key}`);
    let read = 0;
    site.crypto.openedBody = (plaintext) => ({
      async pump(take) {
        if (plaintext.toString() === "text of b") throw new Fault("crypto.integrity", "flipped");
        read += plaintext.byteLength;
        await take(plaintext);
      },
      destroy: () => undefined,
    });
    const pages = [];
    const wish = { bucket: BUCKET, prefix: "", perSecond: 1000 };
    for await (const page of verifyBucket(site.parts, wish)) pages.push(page);
    assert.deepEqual(
      pages.flatMap(({ outcomes }) => outcomes.map(({ key, result }) => [key, result])),
      [
        ["a", "opened"],
        ["b", "failed"],
        ["c", "opened"],
      ],
    );
    assert.equal(read, 18);
    assert.deepEqual(pages[0]?.marker, { key: "c" });
  });
});

describe("verifyObject", () => {
  it("says what it is that does not open, and throws outages", async () => {
    const site = bucketJobs();
    const verify = () => verifyObject(site.requestOf("cat"), site.rooms);
    assert.deepEqual(await verify(), { result: "gone" });
    site.own.intercept = () => answer(400);
    assert.deepEqual(await verify(), { result: "skipped", reason: "under a customer's key" });
    site.own.intercept = () => refusal(403, "InvalidObjectState");
    assert.match((await verify()).reason ?? "", /^archived/);
    site.crypto.fault = new Fault("crypto.not-sealed", "plain");
    assert.deepEqual(await verify(), { result: "failed", reason: "crypto.not-sealed" });
    site.crypto.fault = new Fault("keys.unavailable", "away");
    await assert.rejects(verify(), { code: "keys.unavailable" });
  });

  it("tells what lies plain where policy lets it", async () => {
    const site = bucketJobs();
    site.backend.put("photos/cat", Buffer.from("meow"));
    site.crypto.plain = true;
    assert.deepEqual(await verifyObject(site.requestOf("cat"), site.rooms), { result: "plain" });
  });
});
