import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { answer, refusal } from "./memory-backend.ts";
import { runningEdge } from "./running-edge.ts";

describe("an error answer", () => {
  it("is S3's XML, to the letter", async () => {
    await using edge = await runningEdge();
    edge.backend.intercept = () => refusal(404, "NoSuchBucket", "No such <bucket> & co");
    const { status, headers, text } = await edge.send({ method: "GET", path: "/pho%74os?acl" });
    const id = headers["x-amz-request-id"];
    assert.equal(status, 404);
    assert.match(String(id), /^[0-9A-F]{16}$/);
    assert.equal(
      text,
      '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchBucket</Code><Message>No such &lt;bucket&gt; &amp; co</Message>' +
        `<Resource>/pho%74os</Resource><RequestId>${id}</RequestId><HostId>${id}</HostId></Error>`,
    );
    assert.equal(headers["content-type"], "application/xml");
    assert.equal(headers["x-amz-id-2"], id);
    assert.equal(headers["content-length"], String(text.length));
  });

  it("carries the elements that S3 gives", async () => {
    await using edge = await runningEdge();
    const headers = { "x-amz-meta-s3eg": "mine" };
    const { text } = await edge.send({ method: "PUT", path: "/photos/cat", body: "", headers });
    assert.match(text, /<ArgumentName>x-amz-meta-s3eg<\/ArgumentName><Resource>/);
  });

  it("has no body for HEAD, and the connection goes on", async () => {
    await using edge = await runningEdge();
    using client = await edge.connect();
    client.write(edge.head({ method: "HEAD", path: "/photos/none" }));
    const head = await client.until(/\r\n\r\n/);
    assert.match(head, /^HTTP\/1.1 404 Not Found\r\n/);
    assert.doesNotMatch(head, /^(?:connection|keep-alive):/im);
    client.write(edge.head({ method: "HEAD", path: "/photos" }));
    assert.match(await client.until(/\r\n\r\nHTTP[\s\S]*\r\n\r\n$/), /\r\n\r\nHTTP\/1.1 200 OK/);
  });

  it("has no body and no length for 304", async () => {
    await using edge = await runningEdge();
    await edge.send({ method: "PUT", path: "/photos/cat", body: "meow" });
    const { headers } = await edge.send({ method: "HEAD", path: "/photos/cat" });
    using client = await edge.connect();
    const conditional = { "if-none-match": String(headers.etag) };
    client.write(edge.head({ method: "GET", path: "/photos/cat", headers: conditional }));
    const head = await client.until(/\r\n\r\n/);
    assert.match(head, /^HTTP\/1.1 304 Not Modified\r\n/);
    assert.doesNotMatch(head, /^(?:content-(?:length|type)|transfer-encoding):/im);
    assert.equal(head.split("\r\n\r\n")[1], "");
  });
});

describe("an answer", () => {
  it("of HEAD has the length that GET would send, and no body", async () => {
    await using edge = await runningEdge();
    await edge.send({ method: "PUT", path: "/photos/cat", body: "meow" });
    const { headers, text } = await edge.send({ method: "HEAD", path: "/photos/cat" });
    assert.deepEqual([headers["content-length"], text], ["4", ""]);
  });

  it("without a body says so with a length of 0, except for 204", async () => {
    await using edge = await runningEdge();
    const put = await edge.send({ method: "PUT", path: "/photos", body: "" });
    assert.equal(put.headers["content-length"], "0");
    const gone = await edge.send({ method: "DELETE", path: "/photos/cat" });
    assert.deepEqual([gone.status, gone.headers["content-length"]], [204, undefined]);
  });

  it("whose header field cannot be sent becomes an error, and its body is given up", async () => {
    await using edge = await runningEdge();
    await edge.send({ method: "PUT", path: "/photos/cat", body: "meow" });
    edge.backend.intercept = ({ method }) =>
      method === "DELETE" ? answer(204, { "x-amz-meta-a": "b\r\nc" }) : undefined;
    const { status, code } = await edge.send({ method: "DELETE", path: "/photos/cat" });
    assert.deepEqual([status, code], [500, "InternalError"]);
  });
});
