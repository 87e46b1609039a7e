import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  decodeFault,
  decodePayload,
  decodeQuestionHeaders,
  encodeFault,
  encodeHeaders,
  encodePayload,
  MAX_PAYLOAD_BYTES,
} from "../../src/bus/nats-message.ts";
import { Fault } from "../../src/faults.ts";
import { faultOf } from "./bus-contract.ts";

const headersOf = (fields: Record<string, string>) => ({
  get: (name: string) => fields[name] ?? "",
});

describe("payloads on NATS", () => {
  it("are JSON, up to 128 KiB and no further, both ways", () => {
    const largest = "ü".repeat(MAX_PAYLOAD_BYTES / 2 - 1);
    const json = encodePayload(largest, "input.invalid", "a.b");
    assert.equal(decodePayload(Buffer.from(json), "input.invalid", "a.b"), largest);
    const tooLarge = `${largest}ü`;
    assert.throws(() => encodePayload(tooLarge, "internal.bug", "a.b"), faultOf("internal.bug"));
    const bytes = Buffer.from(JSON.stringify(tooLarge));
    assert.throws(() => decodePayload(bytes, "input.invalid", "a.b"), faultOf("input.invalid"));
  });

  it("are refused where they are no JSON", () => {
    assert.throws(
      () => decodePayload(Buffer.from("{"), "internal.bug", "a.b"),
      faultOf("internal.bug"),
    );
  });
});

describe("the headers of a question", () => {
  it("are sent without those that are empty", () => {
    const headers = encodeHeaders([
      ["S3eg-Request-Id", "r"],
      ["S3eg-Deadline", "1000"],
      ["traceparent", undefined],
    ]);
    assert.deepEqual(headers.keys(), ["S3eg-Request-Id", "S3eg-Deadline"]);
    assert.deepEqual(decodeQuestionHeaders(headers, "a.b"), { requestId: "r", deadlineMs: 1000 });
  });

  it("hold request id and deadline", () => {
    const head = headersOf({ "S3eg-Request-Id": "r", "S3eg-Deadline": "1000" });
    assert.deepEqual(decodeQuestionHeaders(head, "a.b"), { requestId: "r", deadlineMs: 1000 });
  });

  it("may hold the span that the answer is part of", () => {
    const fields = { "S3eg-Request-Id": "r", "S3eg-Deadline": "1", traceparent: "00-1-2-01" };
    const { traceparent } = decodeQuestionHeaders(headersOf(fields), "a.b");
    assert.equal(traceparent, "00-1-2-01");
  });

  for (const fields of [
    {},
    { "S3eg-Request-Id": "r" },
    { "S3eg-Deadline": "1000" },
    { "S3eg-Request-Id": "r", "S3eg-Deadline": "soon" },
  ]) {
    it(`are input.invalid as ${JSON.stringify(fields)}`, () => {
      const decode = () => decodeQuestionHeaders(headersOf(fields), "a.b");
      assert.throws(decode, faultOf("input.invalid"));
    });
  }

  it("are input.invalid where there are none", () => {
    assert.throws(() => decodeQuestionHeaders(undefined, "a.b"), faultOf("input.invalid"));
  });
});

describe("a refusal", () => {
  function through(error: unknown): Fault | undefined {
    const { headers, payload } = encodeFault(error);
    return decodeFault(headersOf(Object.fromEntries(headers)), Buffer.from(payload));
  }

  it("arrives as the same fault, and its header is one line", () => {
    const fault = new Fault("keys.refused", "one\r\ntwo", { details: { a: 1 } });
    const arrived = through(fault);
    assert.equal(arrived?.code, "keys.refused");
    assert.equal(arrived.message, "one\r\ntwo");
    assert.deepEqual(arrived.details, { a: 1 });
    assert.deepEqual(encodeFault(fault).headers, [
      ["Nats-Service-Error-Code", "keys.refused"],
      ["Nats-Service-Error", "one two"],
    ]);
  });

  it("tells nothing of an error that is no fault", () => {
    assert.equal(through(new Error("hunter2"))?.message, "internal error");
  });

  it("stays small however long the message is", () => {
    const { payload } = encodeFault(new Fault("keys.refused", "x".repeat(1e6)));
    assert.ok(payload.length < 2000);
  });

  it("is read from the headers alone where the payload is not ours", () => {
    const head = headersOf({
      "Nats-Service-Error-Code": "keys.refused",
      "Nats-Service-Error": "no",
    });
    const fault = decodeFault(head, Buffer.from("plain text"));
    assert.equal(fault?.code, "keys.refused");
    assert.equal(fault.message, "no");
  });

  it("is not seen in an ordinary answer", () => {
    assert.equal(decodeFault(undefined, Buffer.from("{}")), undefined);
  });
});
