import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import { decodeHeader } from "@s3eg/shared/format/header.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { rewrapObject } from "../../src/rewrap/rewrap-object.ts";
import { answer } from "../memory-backend.ts";
import { requestOf, rewrapping, WRITES } from "./rewrapping.ts";

const cat = requestOf("cat");

describe("rewrapObject", () => {
  it("has the backend copy the object onto itself under conditions, and moves no byte", async () => {
    const { backend, ways } = rewrapping();
    const before = backend.objects.get("photos/cat");
    assert.ok(before);
    assert.deepEqual(await rewrapObject(cat, ways), { result: "rewrapped" });
    const { request } = backend.last("PUT");
    assert.equal(request.headers?.["x-amz-copy-source-if-match"], before.etag);
    assert.equal(request.headers?.["if-match"], before.etag);
    assert.equal(request.headers?.["content-type"], "image/x-cat");
    const after = backend.objects.get("photos/cat");
    assert.equal(decodeHeader(after?.headers[HEADER_FIELD] ?? "").keyVersion, WRITES);
    const sent = backend.kept.reduce((sum, { body }) => sum + body.byteLength, 0);
    assert.equal(sent, 0);
    const reads = backend.kept.filter(({ request: { method, query = [] } }) => {
      return method === "GET" && query.length === 0;
    });
    assert.equal(reads.length, 0);
    assert.deepEqual(await rewrapObject(cat, ways), { result: "current" });
  });

  it("also re-issues what names the version that writes, where that is wished", async () => {
    const { backend, ways } = rewrapping();
    await rewrapObject(cat, ways);
    const copies = () => backend.kept.filter(({ request }) => request.method === "PUT").length;
    const before = copies();
    assert.equal((await rewrapObject(cat, { ...ways, isForAll: true })).result, "rewrapped");
    assert.equal(copies(), before + 1);
    const dry = await rewrapObject(cat, { ...ways, isForAll: true, isDry: true });
    assert.equal(dry.result, "waiting");
  });

  it("looks again where another wrote meanwhile, and leaves an object that always changes", async () => {
    const { backend, ways } = rewrapping();
    let puts = 0;
    const { intercept } = backend;
    backend.intercept = (request) => {
      const isCopy = request.method === "PUT";
      puts += isCopy ? 1 : 0;
      return isCopy && puts < 3 ? answer(412) : intercept(request);
    };
    assert.equal((await rewrapObject(cat, ways)).result, "rewrapped");
    assert.equal(puts, 3);
    const busy = rewrapping();
    const inner = busy.backend.intercept;
    busy.backend.intercept = (request) => (request.method === "PUT" ? answer(412) : inner(request));
    const left = { result: "skipped", reason: "keeps changing", needs: "?" };
    assert.deepEqual(await rewrapObject(cat, busy.ways), left);
  });

  it("does not overwrite what was written between the backend's look at the source and its own write", async () => {
    const { backend, ways, header } = rewrapping();
    const { intercept } = backend;
    const newer = Buffer.from("written meanwhile, and acknowledged");
    let copies = 0;
    backend.intercept = (request) => {
      if (request.method !== "PUT") return intercept(request);
      copies += 1;
      if (copies > 1) return undefined;
      const former = backend.objects.get("photos/cat");
      assert.ok(former);
      const { etag } = backend.put("photos/cat", newer, { [HEADER_FIELD]: header });
      if (request.headers?.["if-match"] === former.etag && etag !== former.etag) return answer(412);
      backend.put("photos/cat", former.bytes, former.headers);
      return answer(200, {}, "<CopyObjectResult/>");
    };
    assert.deepEqual(await rewrapObject(cat, ways), { result: "rewrapped" });
    const last = backend.objects.get("photos/cat");
    assert.deepEqual(last?.bytes, newer);
    assert.equal(decodeHeader(last?.headers[HEADER_FIELD] ?? "").keyVersion, WRITES);
  });

  it("writes nothing in a dry run, and onto no former version", async () => {
    const { backend, ways } = rewrapping({ isDry: true });
    assert.equal((await rewrapObject(cat, ways)).result, "waiting");
    const former = await rewrapObject(requestOf("cat", "v1"), { ...ways, isDry: false });
    assert.match(former.reason ?? "", /^former version, under /);
    assert.ok(backend.kept.every(({ request }) => request.method !== "PUT"));
  });

  it("says of what is gone, not sealed, archived or under a customer's key that it is left", async () => {
    const { backend, ways, header } = rewrapping();
    const result = async (key: string) => await rewrapObject(requestOf(key), ways);
    assert.deepEqual(await result("none"), { result: "gone" });
    backend.put("photos/plain", Buffer.from("plain"));
    assert.deepEqual(await result("plain"), { result: "skipped", reason: "not sealed" });
    const archived = { [HEADER_FIELD]: header, "x-amz-storage-class": "GLACIER" };
    backend.put("photos/cold", Buffer.alloc(200), archived);
    assert.match((await result("cold")).reason ?? "", /^archived \(GLACIER\)/);
    const { intercept } = backend;
    backend.intercept = (asked) => (asked.key === "sse" ? answer(400) : intercept(asked));
    assert.equal((await result("sse")).reason, "under a customer's key");
    backend.put("photos/old", Buffer.alloc(9), { "x-amz-meta-encrypted": "true" });
    assert.equal((await result("old")).result, "skipped");
  });

  it("warns of a storage class that is paid for a minimum time", async () => {
    const { backend, ways, header } = rewrapping();
    const rare = { [HEADER_FIELD]: header, "x-amz-storage-class": "STANDARD_IA" };
    backend.put("photos/cat", Buffer.alloc(200), rare);
    const warned = { result: "rewrapped", minimumTimeClass: "STANDARD_IA" };
    assert.deepEqual(await rewrapObject(cat, ways), warned);
    assert.equal(backend.last("PUT").request.headers?.["x-amz-storage-class"], "STANDARD_IA");
  });

  it("deletes the version it took the place of where that is wished, and says when it can't", async () => {
    for (const [status, removes, said] of [
      [204, true, undefined],
      [403, true, /^former version not deleted, under /],
      [204, false, /^former version left, under /],
    ] as const) {
      const { backend, ways, header } = rewrapping({ removesSuperseded: removes });
      const { intercept } = backend;
      const version = { etag: '"e"', "x-amz-version-id": "v7", [HEADER_FIELD]: header };
      const copied = "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>";
      backend.intercept = (asked) => {
        if (asked.method === "HEAD") return answer(200, version);
        if (asked.method === "PUT") return answer(200, {}, copied);
        return asked.method === "DELETE" ? answer(status) : intercept(asked);
      };
      const outcome = await rewrapObject(cat, ways);
      assert.equal(outcome.result, "rewrapped");
      if (said) assert.match(outcome.reason ?? "", said);
      else assert.equal(outcome.reason, undefined);
      const source = backend.last("PUT").request.headers?.["x-amz-copy-source"];
      assert.equal(source, "photos/cat?versionId=v7");
      const deleted = backend.kept.filter(({ request }) => request.method === "DELETE");
      assert.deepEqual(
        deleted.map(({ request }) => request.query),
        removes ? [[["versionId", "v7"]]] : [],
      );
    }
  });

  it("deletes no version that the backend changed in its place, and takes it for what was wished", async () => {
    const { backend, ways, headers, header } = rewrapping({ removesSuperseded: true });
    const { intercept } = backend;
    const fresh = await headers.reissue({ header });
    const copied = "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>";
    let isCopied = false;
    backend.intercept = (asked) => {
      isCopied ||= asked.method === "PUT";
      const version = { etag: '"e"', "x-amz-version-id": "v7" };
      if (asked.method === "HEAD") {
        return answer(200, { ...version, [HEADER_FIELD]: isCopied ? fresh : header });
      }
      return asked.method === "PUT" ? answer(200, {}, copied) : intercept(asked);
    };
    assert.deepEqual(await rewrapObject(cat, ways), { result: "rewrapped" });
    assert.ok(backend.kept.every(({ request }) => request.method !== "DELETE"));
  });

  it("tells a damaged object from an outage, which ends the job", async () => {
    const { headers, ways } = rewrapping();
    headers.failure = new Fault("crypto.integrity", "damaged");
    assert.deepEqual(await rewrapObject(cat, ways), {
      result: "failed",
      reason: "crypto.integrity",
      needs: "?",
    });
    headers.failure = new Fault("keys.unavailable", "away");
    await assert.rejects(rewrapObject(cat, ways), { code: "keys.unavailable" });
  });
});
