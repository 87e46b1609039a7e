import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FAULTS, Fault, type FaultCode } from "@s3eg/shared/faults.ts";
import { S3_ERRORS, s3Error } from "../../src/s3/errors.ts";
import { toS3Error } from "../../src/s3/to-s3-error.ts";

describe("toS3Error", () => {
  for (const code of Object.keys(FAULTS) as FaultCode[]) {
    it(`makes a documented error of ${code}`, () => {
      const fault = new Fault(code, "what happened");
      const error = toS3Error(fault);
      assert.ok(Object.hasOwn(S3_ERRORS, error.code));
      assert.equal(error.status, S3_ERRORS[error.code as keyof typeof S3_ERRORS].status);
      assert.equal(error.cause, fault);
    });
  }

  it("lets clients try again exactly where that may help", () => {
    for (const [code, { isRetryable }] of Object.entries(FAULTS)) {
      const { status } = toS3Error(new Fault(code as FaultCode, ""));
      assert.equal(status === 503, isRetryable, code);
    }
  });

  it("shows nothing of what is not a fault, and keeps it for the log", () => {
    for (const thrown of [new Error("secret path /etc"), "text", undefined, null, { code: "x" }]) {
      const error = toS3Error(thrown);
      assert.deepEqual([error.code, error.status], ["InternalError", 500]);
      assert.equal(error.message, S3_ERRORS.InternalError.message);
      assert.deepEqual(error.fields, {});
    }
    const bug = new TypeError("x");
    assert.equal(toS3Error(bug).cause, bug);
  });

  it("shows the same for everything that does not verify", () => {
    const [one, other] = ["chunk 3", "header mac"].map((message) =>
      toS3Error(new Fault("crypto.integrity", message, { details: { chunk: 3 } })),
    );
    assert.deepEqual(
      [one?.code, one?.message, one?.fields],
      [other?.code, other?.message, other?.fields],
    );
  });

  it("tells a client what is wrong with its own request, and the size of what it read beyond", () => {
    assert.equal(toS3Error(new Fault("input.invalid", "bad name")).message, "bad name");
    assert.equal(
      toS3Error(new Fault("backend.unavailable", "10.0.0.1 is down")).message,
      S3_ERRORS.ServiceUnavailable.message,
    );
    const range = new Fault("crypto.invalid-range", "x", { details: { size: 7 } });
    assert.deepEqual(toS3Error(range).fields, { ActualObjectSize: 7 });
  });

  it("says which part of the gateway is away, and nothing else of it", () => {
    for (const [code, reason] of [
      ["keys.unavailable", /key store/],
      ["bus.no-responder", /holds the keys/],
      ["bus.timeout", /holds the keys/],
      ["bus.unavailable", /cannot reach each other/],
      ["crypto.unavailable", /no worker/],
      ["state.unavailable", /state of multipart uploads/],
    ] as const) {
      const { message, status } = toS3Error(new Fault(code, "10.0.0.1 is down"));
      assert.equal(status, 503);
      assert.ok(message.startsWith(S3_ERRORS.ServiceUnavailable.message.slice(0, -1)), message);
      assert.match(message, reason);
      assert.doesNotMatch(message, /10\.0/);
    }
  });

  it("gives an S3 error through", () => {
    const error = s3Error("NotImplemented", { message: "m" });
    assert.equal(toS3Error(error), error);
  });
});

describe("an error of the backend", () => {
  const refused = (details: Record<string, string | number>) =>
    toS3Error(new Fault("backend.refused", "backend answered", { details }));

  it("comes through with status, code, message and elements", () => {
    const { code, status, message, fields } = refused({
      status: 409,
      s3Code: "BucketNotEmpty",
      s3Message: "not empty",
      BucketName: "photos",
    });
    assert.deepEqual([code, status, message], ["BucketNotEmpty", 409, "not empty"]);
    assert.deepEqual(fields, { BucketName: "photos" });
  });

  for (const s3Code of [
    "SignatureDoesNotMatch",
    "InvalidAccessKeyId",
    "ExpiredToken",
    "InvalidToken",
    "TokenRefreshRequired",
    "RequestTimeTooSkewed",
    "RequestExpired",
    "AuthorizationHeaderMalformed",
  ]) {
    it(`about the gateway's own credentials is InternalError: ${s3Code}`, () => {
      const { code, status, message } = refused({ status: 403, s3Code, s3Message: "key AKIA" });
      assert.deepEqual([code, status], ["InternalError", 500]);
      assert.equal(message, S3_ERRORS.InternalError.message);
    });
  }

  it("that says nothing is InternalError", () => {
    assert.equal(refused({}).code, "InternalError");
    assert.equal(refused({ status: 404, s3Code: "NoSuchKey" }).message, "NoSuchKey");
  });
});
