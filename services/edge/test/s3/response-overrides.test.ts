import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { overridden, toldOverrides } from "../../src/s3/response-overrides.ts";
import { Query } from "../../src/s3-request.ts";
import { STANDARD } from "../running-edge.ts";

const query = new Query([
  ["response-content-type", "text/plain"],
  ["versionId", "v1"],
  ["response-x-amz-meta-s3eg", "x"],
  ["response-expires", ""],
]);
const none = new Query([["versionId", "v1"]]);

describe("toldOverrides", () => {
  it("are the six that S3 knows, in order", () => {
    assert.deepEqual(toldOverrides({ query, principal: {}, policy: STANDARD }), [
      ["response-content-type", "text/plain"],
      ["response-expires", ""],
    ]);
  });

  it("are none where the policy keeps metadata from the backend", () => {
    const policy = { ...STANDARD, metadata: "sealed" } as const;
    assert.deepEqual(toldOverrides({ query, principal: {}, policy }), []);
    const plain = { ...policy, contents: "pass-through" } as const;
    assert.equal(toldOverrides({ query, principal: {}, policy: plain }).length, 2);
  });
});

describe("overridden", () => {
  it("are the fields that have a value", () => {
    assert.deepEqual(overridden({ query, principal: {} }), { "content-type": "text/plain" });
    assert.deepEqual(overridden({ query: none, principal: {} }), {});
  });

  it("are Latin-1 where that can hold them, else UTF-8", () => {
    for (const [value, field] of [
      ["ü.txt", "\u00fc.txt"],
      ["水", "\u00e6\u00b0\u00b4"],
    ] as const) {
      const read = { query: new Query([["response-content-disposition", value]]), principal: {} };
      assert.deepEqual(overridden(read), { "content-disposition": field });
    }
  });

  it("are for who signed, and nobody else", () => {
    const principal = { identity: "anonymous" };
    for (const ask of [overridden, toldOverrides]) {
      const read = { query, principal, policy: STANDARD };
      assert.throws(() => ask(read), { code: "InvalidRequest", status: 400 });
      assert.doesNotThrow(() => ask({ ...read, query: none }));
    }
  });

  it("are refused where no header can hold them", () => {
    const wrong = new Query([["response-content-type", "a\r\nx: y"]]);
    for (const ask of [overridden, toldOverrides]) {
      const read = { query: wrong, principal: {}, policy: STANDARD };
      assert.throws(() => ask(read), { code: "InvalidArgument", status: 400 });
    }
  });
});
