import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import { runningEdge } from "./running-edge.ts";

describe("a finished request", () => {
  it("is announced with what happened, and leaves one line in the log", async () => {
    await using edge = await runningEdge();
    const headers = { "user-agent": "tester/1", "x-amz-meta-secret": "not for the log" };
    await edge.send({ method: "PUT", path: "/photos/cat", body: "meow", headers });
    const { headers: answered } = await edge.send({
      method: "GET",
      path: "/photos/cat?versionId=v1",
    });
    const [put, get] = edge.done;
    assert.ok(put && get);
    const { timestamp, durationMs, requestId, ...facts } = put;
    assert.ok(durationMs >= 0 && timestamp.endsWith("Z") && requestId.length === 16);
    assert.deepEqual(facts, {
      operation: "PutObject",
      bucket: "photos",
      key: "cat",
      accessKey: "AK",
      label: "tester",
      clientIp: "127.0.0.1",
      userAgent: "tester/1",
      status: 200,
      success: true,
      bytesIn: 4,
      bytesOut: 0,
    });
    assert.deepEqual([get.operation, get.versionId, get.bytesOut], ["GetObject", "v1", 4]);
    assert.equal(get.requestId, answered["x-amz-request-id"]);
    assert.deepEqual(
      edge.log.lines.map(({ level }) => level),
      ["info", "info"],
    );
    assert.doesNotMatch(JSON.stringify([edge.log.lines, edge.done]), /not for the log|Signature/);
  });

  for (const [fault, status, level] of [
    [new Fault("crypto.integrity", "chunk does not verify"), 500, "error"],
    [new Fault("backend.unavailable", "down"), 503, "error"],
    [new Fault("limit.busy", "too many"), 503, "info"],
    [new Fault("crypto.not-sealed", "plain"), 403, "info"],
    [new Fault("crypto.invalid-range", "x"), 416, "info"],
  ] as const) {
    it(`that failed with ${fault.code} is ${level} in the log, with its cause if it is ours`, async () => {
      await using edge = await runningEdge();
      edge.crypto.fault = fault;
      const { code } = await edge.send({ method: "GET", path: "/photos/cat" });
      const [fact] = edge.done;
      assert.deepEqual([fact?.status, fact?.success, fact?.error], [status, false, code]);
      const line = edge.log.lines.at(-1);
      assert.equal(line?.level, level);
      assert.equal(line?.fields.code, code);
      assert.equal(line?.fields.err !== undefined, level === "error");
    });
  }

  it("that nobody could be told of is a warning, and answered all the same", async () => {
    await using edge = await runningEdge();
    await edge.bus.drain();
    assert.equal((await edge.send({ method: "HEAD", path: "/photos" })).status, 200);
    await new Promise(setImmediate);
    assert.ok(edge.log.lines.some(({ level }) => level === "warn"));
  });

  it("that could not be read is one of an unknown operation", async () => {
    await using edge = await runningEdge();
    await edge.sendUnsigned({ method: "GET", path: "/photos/%zz" });
    const [fact] = edge.done;
    assert.deepEqual(
      [fact?.operation, fact?.bucket, fact?.error],
      ["Unknown", undefined, "InvalidURI"],
    );
  });
});
