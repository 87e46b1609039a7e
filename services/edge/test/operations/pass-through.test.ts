import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { answer, refusal } from "../memory-backend.ts";
import { runningEdge } from "../running-edge.ts";

const XML = "<AccessControlPolicy/>";

describe("an operation that passes through", () => {
  it("sends the client's document on, with a digest of the gateway's own", async () => {
    await using edge = await runningEdge();
    edge.backend.intercept = () => answer(200);
    const headers = {
      "content-type": "application/xml",
      "content-md5": hash("md5", XML, "base64"),
      "x-amz-checksum-sha1": hash("sha1", XML, "base64"),
      "x-amz-sdk-checksum-algorithm": "SHA1",
      "x-amz-grant-read": "id=1",
      cookie: "x",
    };
    const sending = { method: "PUT", path: "/photos?acl&x-id=PutBucketAcl", body: XML, headers };
    assert.equal((await edge.send(sending)).status, 200);
    const { request, body } = edge.backend.last("PUT");
    assert.equal(body.toString(), XML);
    assert.deepEqual(request.query, [["acl", ""]]);
    const { "x-amz-sdk-checksum-algorithm": _, ...sent } = request.headers ?? {};
    assert.deepEqual(sent, {
      "content-type": "application/xml",
      "content-md5": hash("md5", XML, "base64"),
      "x-amz-grant-read": "id=1",
    });
  });

  it("does not send a document whose digest is wrong", async () => {
    await using edge = await runningEdge();
    const headers = { "content-md5": hash("md5", "other", "base64") };
    const sending = { method: "PUT", path: "/photos?acl", body: XML, headers };
    assert.equal((await edge.send(sending)).code, "BadDigest");
    assert.equal(edge.backend.kept.length, 0);
  });

  it("leaves a presigned URL's signature here", async () => {
    await using edge = await runningEdge();
    edge.backend.intercept = () => answer(200, {}, XML);
    const path = edge.presigned({ method: "GET", path: "/photos?acl" });
    assert.equal((await edge.sendUnsigned({ method: "GET", path })).text, XML);
    assert.deepEqual(edge.backend.last("GET").request.query, [["acl", ""]]);
  });

  it("answers as the backend answers", async () => {
    await using edge = await runningEdge();
    edge.backend.intercept = () => answer(202, { "content-type": "application/xml" }, XML);
    const { status, text, headers } = await edge.send({ method: "GET", path: "/photos?acl" });
    assert.deepEqual([status, text, headers["content-type"]], [202, XML, "application/xml"]);
    edge.backend.intercept = () => refusal(409, "OperationAborted", "busy");
    const refused = await edge.send({ method: "GET", path: "/photos?acl" });
    assert.deepEqual([refused.status, refused.code], [409, "OperationAborted"]);
    assert.equal(refused.xml().textOf("Message"), "busy");
  });

  it("does not show the client what is wrong with the gateway's own credentials", async () => {
    await using edge = await runningEdge();
    edge.backend.intercept = () => refusal(403, "InvalidAccessKeyId", "AKIABACKEND");
    const { status, text } = await edge.send({ method: "GET", path: "/" });
    assert.equal(status, 500);
    assert.doesNotMatch(text, /AKIA|InvalidAccessKeyId/);
  });

  it("does not let a backend that ignores the sub-resource answer with an object or a listing", async () => {
    await using edge = await runningEdge();
    const listing =
      '<?xml version="1.0"?>\n<ListBucketResult xmlns="x"><Name>photos</Name></ListBucketResult>';
    for (const [path, instead] of [
      ["/photos?encryption", answer(200, {}, listing)],
      [
        "/photos?inventory",
        answer(200, {}, listing.replaceAll("ListBucketResult", "ListVersionsResult")),
      ],
      ["/photos/cat?retention", answer(200, { [HEADER_FIELD]: "header" }, "stored bytes")],
    ] as const) {
      edge.backend.intercept = () => instead;
      const { status, code, text } = await edge.send({ method: "GET", path });
      assert.deepEqual([status, code], [501, "NotImplemented"]);
      assert.match(
        text,
        /The backend does not know the sub-resource (encryption|inventory|retention)\./,
      );
    }
  });

  it("changes no setting of a bucket that the backend would take for the bucket itself", async () => {
    await using edge = await runningEdge();
    edge.backend.intercept = ({ method }) =>
      method === "GET" ? answer(200, {}, "<ListBucketResult/>") : undefined;
    for (const [method, path] of [
      ["DELETE", "/photos?encryption"],
      ["PUT", "/photos?inventory&id=1"],
    ] as const) {
      const body = method === "PUT" ? { body: XML } : {};
      assert.equal((await edge.send({ method, path, ...body })).code, "NotImplemented");
    }
    assert.deepEqual(
      new Set(edge.backend.kept.map(({ request }) => request.method)),
      new Set(["GET"]),
    );
    edge.backend.intercept = ({ method }) =>
      method === "GET" ? refusal(404, "NoSuchTagSet") : answer(204);
    assert.equal((await edge.send({ method: "DELETE", path: "/photos?tagging" })).status, 204);
  });
});
