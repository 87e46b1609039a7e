import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { Fault } from "../../src/faults.ts";
import {
  decodeField,
  decodeRefusal,
  encodeField,
  encodeRefusal,
  MAX_HEADER_BYTES,
  parseAs,
} from "../../src/http/transfer-wire.ts";
import { faultOf } from "../bus/bus-contract.ts";

describe("a header field", () => {
  it("carries any JSON in characters that a header may hold", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const field = encodeField(value, "input.invalid");
        assert.match(field, /^[\w-]*$/);
        assert.deepEqual(decodeField(field), JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it("is refused where it would fill the header block", () => {
    const large = "x".repeat(MAX_HEADER_BYTES);
    assert.throws(() => encodeField(large, "internal.bug"), faultOf("internal.bug"));
  });

  it("is nothing where it is absent, given twice or not ours", () => {
    for (const field of [undefined, ["e30", "e30"], "", "!", "eyJ"]) {
      assert.equal(decodeField(field), undefined);
    }
  });
});

describe("a refusal on the wire", () => {
  it("arrives as the same fault", () => {
    const { status, code, json } = encodeRefusal(
      new Fault("backend.changed", "object changed", { details: { key: "a" } }),
    );
    const fault = decodeRefusal(status, code, json);
    assert.equal(fault.code, "backend.changed");
    assert.equal(fault.message, "object changed");
    assert.deepEqual(fault.details, { key: "a" });
  });

  it("has a status that says whether to try again", () => {
    const statusOf = (code: Fault["code"]) => encodeRefusal(new Fault(code, "")).status;
    assert.equal(statusOf("limit.busy"), 503);
    assert.equal(statusOf("auth.denied"), 403);
    assert.equal(statusOf("crypto.integrity"), 422);
    assert.equal(encodeRefusal(new Error("hunter2")).status, 500);
    assert.doesNotMatch(encodeRefusal(new Error("hunter2")).json, /hunter2/);
  });

  it("is read by its code alone where the body is not ours, and is transfer.broken without one", () => {
    assert.equal(decodeRefusal(503, "limit.busy", "<html>").code, "limit.busy");
    assert.equal(decodeRefusal(502, undefined, "{}").code, "transfer.broken");
    assert.equal(decodeRefusal(500, "no.such-code", "<html>").code, "internal.bug");
  });
});

describe("parseAs", () => {
  const schema = z.object({ secret: z.string() });

  it("gives what fits, without unknown keys", () => {
    const rule = { code: "internal.bug", what: "result" } as const;
    assert.deepEqual(parseAs(schema, { secret: "a", more: 1 }, rule), { secret: "a" });
  });

  it("says what does not fit by path, never by value", () => {
    const parse = () =>
      parseAs(schema, { secret: [42424] }, { code: "input.invalid", what: "head" });
    assert.throws(parse, (error: Error) => {
      faultOf("input.invalid")(error);
      assert.match(error.message, /^head secret: /);
      assert.doesNotMatch(error.message, /42424/);
      return true;
    });
  });
});
