import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { outcomeOf, type ReplaceWays, replaceObject } from "../../src/jobs/replace-object.ts";
import { answer } from "../memory-backend.ts";
import { STANDARD } from "../running-edge.ts";
import { bucketJobs } from "./bucket-jobs.ts";

const HONOURED = { source: true, target: true, completion: true, put: true, putLocks: false };
const MIXED = { reading: { ...STANDARD, contents: "mixed" as const } };

function sealing(more: Partial<ReplaceWays> = {}) {
  const site = bucketJobs();
  site.backend.put("photos/cat", Buffer.from("meow"), { "x-amz-meta-a": "b" });
  site.crypto.plain = true;
  const ways: ReplaceWays = {
    ...{ job: "seal-existing", rooms: site.rooms, honoured: HONOURED },
    ...{ isDry: false, removesSuperseded: false, ...more },
  };
  const replace = (key: string, versionId?: string) =>
    replaceObject(site.requestOf(key, MIXED, versionId), ways);
  return { ...site, replace };
}

describe("replaceObject", () => {
  it("reads exactly what it looked at, and writes over that alone", async () => {
    const { backend, replace } = sealing();
    const before = backend.objects.get("photos/cat");
    assert.deepEqual(await replace("cat"), { result: "sealed" });
    const written = backend.last("PUT").request.headers;
    assert.equal(written?.["if-match"], before?.etag);
    assert.equal(written?.["x-amz-meta-a"], "b");
    const read = backend.kept.find(({ request: { method, query = [] } }) => {
      return method === "GET" && query.length === 0;
    });
    assert.equal(read?.request.headers?.["if-match"], before?.etag);
    assert.deepEqual(await replace("cat"), { result: "current" });
  });

  it("loses no write that comes between, and makes nothing where it was deleted", async () => {
    const { backend, own, replace } = sealing();
    let puts = 0;
    own.intercept = ({ method }) => {
      puts += method === "PUT" ? 1 : 0;
      if (method === "PUT" && puts === 1) backend.put("photos/cat", Buffer.from("newer"));
      return undefined;
    };
    assert.deepEqual(await replace("cat"), { result: "sealed" });
    assert.equal(puts, 2);
    assert.ok(backend.objects.get("photos/cat")?.bytes.subarray(0, 5).equals(Buffer.from("newer")));
    const gone = sealing();
    gone.own.intercept = ({ method }) => {
      if (method === "PUT") gone.backend.objects.delete("photos/cat");
      return undefined;
    };
    assert.deepEqual(await gone.replace("cat"), { result: "gone" });
    assert.equal(gone.backend.objects.size, 0);
  });

  it("leaves what it can't do, and says why", async () => {
    const { backend, own, replace } = sealing();
    assert.deepEqual(await replace("none"), { result: "gone" });
    backend.put("photos/cold", Buffer.from("x"), { "x-amz-storage-class": "GLACIER" });
    assert.match((await replace("cold")).reason ?? "", /^archived/);
    own.intercept = ({ key }) => (key === "sse" ? answer(400) : undefined);
    assert.equal((await replace("sse")).reason, "under a customer's key");
    assert.deepEqual(await replace("cat", "v1"), {
      result: "skipped",
      reason: "former version, not sealed",
    });
  });

  it("tells what became of the version that it took the place of", async () => {
    for (const [removesSuperseded, status, reason] of [
      [false, 204, "former version left, not sealed"],
      [true, 204, undefined],
      [true, 403, "former version not deleted, not sealed"],
    ] as const) {
      const { backend, own, replace } = sealing({ removesSuperseded });
      const former = { etag: '"old"', "content-length": "4" };
      const answers = {
        ...{ HEAD: answer(200, former), GET: answer(200, former, "meow") },
        PUT: answer(200, { etag: '"new"', "x-amz-version-id": "v2" }),
        DELETE: answer(status),
      };
      own.intercept = ({ method, query = [] }) => {
        if (method === "POST" || method === "OPTIONS") return undefined;
        return query.some(([name]) => name === "acl") ? undefined : answers[method];
      };
      const outcome = await replace("cat");
      assert.deepEqual(outcome, { result: "sealed", ...(reason ? { reason } : {}) });
      const deleted = backend.kept.filter(({ request }) => request.method === "DELETE");
      const versions = deleted.map(({ request }) => request.query?.[0]);
      assert.deepEqual(versions, removesSuperseded ? [["versionId", "null"]] : []);
    }
  });

  it("tells an outage, which ends the job, from what is wrong with the object", async () => {
    const { crypto, replace } = sealing();
    crypto.fault = new Fault("keys.unavailable", "away");
    await assert.rejects(replace("cat"), { code: "keys.unavailable" });
    crypto.fault = new Fault("crypto.integrity", "damaged");
    assert.deepEqual(await replace("cat"), { result: "failed", reason: "crypto.integrity" });
    const details = { status: 400, s3Code: "MetadataTooLarge" };
    const noRoom = outcomeOf(new Fault("backend.refused", "no", { details }));
    assert.match(noRoom.reason ?? "", /leave no room/);
  });

  it("unseals what is sealed, and leaves the rest", async () => {
    const site = bucketJobs();
    site.putSealed("cat", "meow");
    site.backend.put("photos/plain", Buffer.from("x"));
    const honoured = HONOURED;
    const ways = { job: "unseal", rooms: site.rooms, honoured, isDry: false } as const;
    const writing = { ...STANDARD, contents: "pass-through" as const };
    const unseal = (key: string) =>
      replaceObject(site.requestOf(key, { ...MIXED, writing }), {
        ...ways,
        removesSuperseded: false,
      });
    assert.deepEqual(await unseal("cat"), { result: "unsealed" });
    assert.equal(site.crypto.seals[0]?.isSealed, false);
    assert.equal(site.crypto.seals[0]?.headers[HEADER_FIELD], undefined);
    assert.deepEqual(await unseal("plain"), { result: "current" });
  });
});
