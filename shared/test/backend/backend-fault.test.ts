import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BackendResponse } from "../../src/backend/backend.ts";
import { backendFault } from "../../src/backend/backend-fault.ts";
import { bodyOfBytes, collectBody } from "../../src/http/body.ts";

function answer(
  status: number,
  text: string,
  headers: Record<string, string> = {},
): BackendResponse {
  const body = bodyOfBytes(Buffer.from(text));
  return {
    status,
    headers,
    body,
    text: async (max = 1e9) => String(await collectBody(body, max, () => new Error("too large"))),
  };
}

describe("backendFault", () => {
  it("takes code, message and what may be shown from S3's error, nothing else", async () => {
    const xml = `<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>NoSuchUpload</Code><Message>It is gone &amp; lost</Message><UploadId>u1</UploadId><Key>k</Key>
<Resource>/bucket/k</Resource><RequestId>1</RequestId><HostId>host-7.internal</HostId><Endpoint>s3.internal</Endpoint>
<ActualObjectSize>77</ActualObjectSize><StringToSign>AWS4</StringToSign></Error>`;
    const fault = await backendFault(answer(404, xml));
    assert.equal(fault.code, "backend.refused");
    assert.deepEqual(fault.details, {
      status: 404,
      s3Code: "NoSuchUpload",
      s3Message: "It is gone & lost",
      UploadId: "u1",
      Key: "k",
    });
    assert.equal(fault.message, "backend answered 404 NoSuchUpload");
  });

  it("reads an error that is wrapped in an ErrorResponse", async () => {
    const xml = "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>";
    const { details } = await backendFault(answer(403, xml));
    assert.equal(details.s3Code, "AccessDenied");
    assert.equal(details.s3Message, "Access Denied");
  });

  it("keeps an empty message empty", async () => {
    const xml = "<Error><Code>NoSuchKey</Code><Message></Message></Error>";
    const { details } = await backendFault(answer(404, xml));
    assert.deepEqual([details.s3Code, details.s3Message], ["NoSuchKey", ""]);
  });

  it("is throttled for 429, 503 and S3's throttling codes", async () => {
    for (const response of [
      answer(503, "<Error><Code>SlowDown</Code></Error>"),
      answer(503, "<html>busy</html>"),
      answer(429, ""),
      answer(400, "<Error><Code>Throttling</Code></Error>"),
    ]) {
      assert.equal((await backendFault(response)).code, "backend.throttled");
    }
    assert.equal((await backendFault(answer(500, ""))).code, "backend.refused");
  });

  it("derives a code from the status where the body tells none", async () => {
    for (const [status, s3Code] of [
      [304, "NotModified"],
      [400, "BadRequest"],
      [403, "AccessDenied"],
      [404, "NotFound"],
      [405, "MethodNotAllowed"],
      [409, "OperationAborted"],
      [412, "PreconditionFailed"],
      [416, "InvalidRange"],
      [418, "BadRequest"],
      [500, "InternalError"],
      [501, "NotImplemented"],
      [503, "ServiceUnavailable"],
      [599, "InternalError"],
    ] as const) {
      const { details } = await backendFault(answer(status, "", { "content-length": "123456" }));
      assert.equal(details.s3Code, s3Code);
      assert.equal(details.status, status);
    }
  });

  it("tells the ETag of an object that did not change, and of no other", async () => {
    const etag = '"0123"';
    assert.equal((await backendFault(answer(304, "", { etag }))).details.ETag, etag);
    assert.equal((await backendFault(answer(412, "", { etag }))).details.ETag, undefined);
  });

  it("takes the headers that explain an error, and none that tells of the backend or its bytes", async () => {
    const shown = {
      allow: "DELETE",
      "access-control-allow-origin": "*",
      "last-modified": "Wed, 25 Nov 2026 01:00:00 GMT",
      vary: "Origin",
      "x-amz-delete-marker": "true",
      "x-amz-version-id": "v1",
    };
    const hidden = {
      "content-type": "application/xml",
      location: "http://s3.internal/",
      server: "store/1.2",
      "x-amz-id-2": "host-7",
      "x-amz-meta-s3eg": "header",
    };
    const { details } = await backendFault(answer(405, "", { ...hidden, ...shown }));
    assert.deepEqual(details, {
      status: 405,
      s3Code: "MethodNotAllowed",
      s3Message: "The specified method is not allowed against this resource.",
      ...shown,
    });
  });

  it("survives bodies that are not S3's XML", async () => {
    for (const text of [
      "<html><body>nginx at 10.0.0.1</body></html>",
      "<Error><Code>Cut",
      "plain text",
      '<!DOCTYPE a [<!ENTITY b "c">]><Error><Code>&b;</Code></Error>',
      "<Error><Code>  </Code></Error>",
    ]) {
      const { details } = await backendFault(answer(403, text));
      assert.deepEqual(details, {
        status: 403,
        s3Code: "AccessDenied",
        s3Message: "Access Denied",
      });
    }
  });

  it("bounds what it takes over", async () => {
    const long = `<Error><Code>X</Code><Message>${"m".repeat(5000)}</Message></Error>`;
    const { details } = await backendFault(answer(400, long));
    assert.equal(String(details.s3Message).length, 1024);
  });
});
