import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type AccessLogStyle, accessFields } from "../src/access-log.ts";
import { runningEdge } from "./running-edge.ts";

const SECRET_HEADERS = {
  authorization: "AWS4-HMAC-SHA256 Credential=AK/hush, Signature=hush",
  "x-amz-security-token": "hush",
  "x-amz-server-side-encryption-customer-key": "hush",
  "x-amz-copy-source-server-side-encryption-customer-key-md5": "hush",
  "x-amz-meta-diagnosis": "hush",
  "x-amz-tagging": "hush",
  cookie: "hush",
  "x-our-own": "hush",
  referer: "https://h/photos/cat?X-Amz-Credential=AK&X-Amz-Signature=hush",
  "x-original-uri": "/photos/cat?versionId=1&Signature=hush",
};
const SECRET_QUERY = [
  "X-Amz-Credential",
  "X-Amz-Signature",
  "X-Amz-Security-Token",
  "AWSAccessKeyId",
  "Signature",
  "x-amz-server-side-encryption-customer-key",
  "x-amz-meta-diagnosis",
  "response-content-disposition",
  "x-amz-tagging",
];

function fieldsOf(
  format: AccessLogStyle["format"],
  url = "/photos/a%20cat?prefix=x&list-type=2&uploads",
  headers: Record<string, string> = { "user-agent": "tester/1", host: "h" },
) {
  const req = { method: "GET", url, headers, httpVersion: "1.1" };
  const finished = {
    id: "0123456789ABCDEF",
    req,
    clientIp: "192.0.2.1",
    sighting: { principal: { accessKey: "AK" }, bytesIn: 0 },
    status: 200,
    bytesOut: 7,
    milliseconds: 1.23456,
  };
  return accessFields(finished as never, { format, redactedHeaders: ["x-our-own"] });
}

describe("the access log", () => {
  it("has in its default format the fields that dashboards know", () => {
    assert.deepEqual(fieldsOf("default"), {
      method: "GET",
      path: "/photos/a%20cat",
      query: "prefix=x&list-type=2&uploads",
      remote_addr: "192.0.2.1",
      user_agent: "tester/1",
      status: 200,
      duration_ms: 1.235,
      bytes: 7,
    });
  });

  it("has them in the format json as one field, with headers", () => {
    const { json, ...others } = fieldsOf("json");
    assert.deepEqual(others, {});
    const { timestamp, ...line } = JSON.parse(String(json)) as Record<string, unknown>;
    assert.match(String(timestamp), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.deepEqual(line, {
      ...fieldsOf("default"),
      request_id: "0123456789ABCDEF",
      headers: { "user-agent": "tester/1", host: "h" },
    });
  });

  it("is in the format clf a line of the Common Log Format", () => {
    assert.match(
      String(fieldsOf("clf").clf),
      /^192\.0\.2\.1 - AK \[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET \/photos\/a%20cat\?prefix=x&list-type=2&uploads HTTP\/1\.1" 200 7$/,
    );
    const injected = String(fieldsOf("clf", '/a"b\\c\r\nd\u00e9').clf);
    assert.match(injected, /"GET \/a\\x22b\\x5cc\\x0d\\x0ad\\xe9 HTTP\/1\.1" 200 7$/);
  });

  for (const format of ["default", "json", "clf"] as const) {
    it(`shows no secret of headers or query in the format ${format}`, () => {
      const query = SECRET_QUERY.map((name) => `${name}=hush`).join("&");
      const line = JSON.stringify(
        fieldsOf(format, `/photos/cat?${query}&prefix=x`, SECRET_HEADERS),
      );
      assert.doesNotMatch(line, /hush/);
      assert.match(line, /X-Amz-Signature=\[REDACTED\]&.*prefix=x/);
    });
  }

  it("tells the request's operation and id beside them", async () => {
    await using edge = await runningEdge();
    const { headers } = await edge.send({ method: "HEAD", path: "/photos" });
    const [line] = edge.log.lines;
    assert.equal(line?.message, "request");
    const { op, requestId, path, status } = line?.fields ?? {};
    assert.deepEqual([op, path, status], ["HeadBucket", "/photos", 200]);
    assert.equal(requestId, headers["x-amz-request-id"]);
  });
});
