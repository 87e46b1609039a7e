import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BackendRequest } from "../../src/backend/backend.ts";
import { S3Call, streamOf } from "../../src/backend/s3-call.ts";
import { bodyOfBytes } from "../../src/http/body.ts";
import { EMPTY_SHA256, UNSIGNED_PAYLOAD } from "../../src/s3/sigv4.ts";

const ENDPOINT = { endpoint: new URL("http://h:9000/base"), isPathStyle: true };
const call = (request: Partial<BackendRequest> = {}) =>
  new S3Call(
    ENDPOINT,
    { method: "GET", bucket: "b", key: "k", requestId: "r", ...request },
    { takesFrames: true },
  );

describe("S3Call", () => {
  it("addresses the object below the endpoint's path and keeps the caller's headers but those of the signature", () => {
    const made = call({
      key: "a b",
      query: [["versionId", "1"]],
      headers: { "x-amz-date": "no", "if-match": '"e"' },
    });
    assert.equal(made.wireRequest({ authorization: "A" }).target, "/base/b/a%20b?versionId=1");
    assert.deepEqual(
      { ...made.wireRequest({ authorization: "A" }).headers },
      { host: "h:9000", "if-match": '"e"', authorization: "A" },
    );
    assert.ok(made.isConditional);
  });

  it("sends traceparent along, and signs nothing of it", () => {
    const made = call({ traceparent: "00-1-2-01" });
    assert.ok(!("traceparent" in made.headers));
    assert.equal(made.wireRequest({ authorization: "A" }).headers.traceparent, "00-1-2-01");
    assert.ok(!("traceparent" in call().wireRequest({}).headers));
  });

  it("sends object bytes over the bulk path and everything small beside it", () => {
    assert.ok(call().isBulk);
    assert.ok(call({ query: [["response-expires", "x"]] }).isBulk);
    assert.ok(call({ method: "PUT", body: Buffer.of(1) }).isBulk);
    assert.ok(!call({ method: "HEAD" }).isBulk);
    assert.ok(!call({ query: [["acl", ""]] }).isBulk);
  });

  it("signs bytes in memory with their hash, and a stream without", () => {
    const body = { body: bodyOfBytes(Buffer.of(1)), sizeBytes: 1 };
    assert.equal(call().payloadHash, EMPTY_SHA256);
    assert.match(call({ method: "PUT", body: Buffer.of(1) }).payloadHash, /^[0-9a-f]{64}$/);
    assert.equal(call({ method: "PUT", body }).payloadHash, UNSIGNED_PAYLOAD);
    assert.equal(streamOf({ method: "PUT", requestId: "r", body }), body.body);
    assert.ok(call({ method: "PUT", body }).isStreamed && !call().isStreamed);
  });

  it("frames what is to be checked, and nothing else", () => {
    const body = { body: bodyOfBytes(Buffer.of(1)), sizeBytes: 1 };
    const framed = call({ method: "PUT", body: { ...body, isChecked: true } });
    assert.equal(framed.payloadHash, "STREAMING-UNSIGNED-PAYLOAD-TRAILER");
    assert.equal(framed.headers["x-amz-decoded-content-length"], "1");
    for (const plain of [
      call({ method: "PUT", body }),
      call({ method: "PUT", body: { ...body, isChecked: true }, identity: "anonymous" }),
    ]) {
      assert.equal(plain.isFramed, false);
      assert.equal(plain.payloadHash, UNSIGNED_PAYLOAD);
    }
  });
});
