import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeHeader } from "@s3eg/shared/format/header.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { answer } from "../memory-backend.ts";
import { runningEdge, type Sending, STANDARD } from "../running-edge.ts";
import { placeIn } from "../stand-in-services.ts";

const OLD = { "content-type": "text/old", "cache-control": "old", "x-amz-meta-old": "1" };
const NEW = { "content-type": "text/new", "x-amz-meta-new": "1", "x-amz-storage-class": "IA" };

async function edgeWithCat() {
  const edge = await runningEdge();
  await edge.send({ method: "PUT", path: "/photos/cat", body: "meow", headers: OLD });
  return edge;
}

function copy(headers: Record<string, string> = {}, path = "/copies/cat2"): Sending {
  return {
    method: "PUT",
    path,
    body: "",
    headers: { "x-amz-copy-source": "/photos/cat", ...headers },
  };
}

describe("CopyObject", () => {
  it("binds the header to the new place, and leaves the bytes to the backend", async () => {
    await using edge = await edgeWithCat();
    const { status, headers, ...copied } = await edge.send(copy());
    const { etag } = edge.backend.objects.get("copies/cat2") ?? assert.fail();
    assert.equal(status, 200);
    assert.equal(copied.xml().textOf("ETag"), `${etag.slice(0, -1)}-0"`);
    assert.equal(headers["x-amz-meta-s3eg"], undefined);
    const { request, body } = edge.backend.last("PUT");
    assert.equal(body.byteLength, 0);
    assert.equal(placeIn(request.headers?.[HEADER_FIELD]), "copies/cat2");
    assert.equal((await edge.send({ method: "GET", path: "/copies/cat2" })).text, "meow");
    assert.equal((await edge.send({ method: "GET", path: "/photos/cat" })).text, "meow");
  });

  it("passes its bytes where the policies of both buckets name different keys, and else leaves them", async () => {
    const tenant = (keyId: string, ...buckets: string[]) => {
      return { ...STANDARD, id: keyId, buckets, keyWish: { provider: "kmip", keyId } };
    };
    await using edge = await runningEdge({
      rules: [tenant("a", "photos", "shared"), tenant("b", "copies")],
    });
    await edge.send({ method: "PUT", path: "/photos/cat", body: "meow", headers: OLD });
    const wishes = () => edge.crypto.seals.map(({ keyWish }) => keyWish?.keyId);
    assert.deepEqual(wishes(), ["a"]);
    assert.equal((await edge.send(copy())).status, 200);
    assert.deepEqual(wishes(), ["a", "b"]);
    assert.equal(edge.crypto.opens[0]?.target.bucket, "photos");
    assert.equal((await edge.send({ method: "GET", path: "/copies/cat2" })).text, "meow");
    assert.equal(edge.backend.objects.get("copies/cat2")?.headers["x-amz-meta-old"], "1");
    for (const path of ["/shared/cat2", "/photos/cat2"]) {
      assert.equal((await edge.send(copy({}, path))).status, 200);
      const { request, body } = edge.backend.last("PUT");
      assert.equal(body.byteLength, 0);
      const { provider, keyId } = decodeHeader(request.headers?.[HEADER_FIELD] ?? "");
      assert.deepEqual([provider, keyId], ["kmip", "a"]);
    }
    assert.equal((await edge.send(copy({}, "/elsewhere/cat2"))).status, 200);
    assert.deepEqual(wishes(), ["a", "b", undefined]);
  });

  it("puts the quotes around the ETag that some backends leave out of this answer", async () => {
    await using edge = await edgeWithCat();
    const etag = "0123456789abcdef0123456789abcdef";
    const result = `<CopyObjectResult><ETag>${etag}</ETag></CopyObjectResult>`;
    edge.backend.intercept = ({ method }) =>
      method === "PUT" ? answer(200, {}, result) : undefined;
    assert.equal((await edge.send(copy())).xml().textOf("ETag"), `"${etag}-0"`);
  });

  it("pins the source that it looked at", async () => {
    await using edge = await edgeWithCat();
    const { etag } = edge.backend.objects.get("photos/cat") ?? assert.fail();
    await edge.send(copy());
    assert.equal(edge.backend.last("PUT").request.headers?.["x-amz-copy-source-if-match"], etag);
    edge.backend.intercept = ({ method }) => {
      if (method === "PUT") edge.backend.put("photos/cat", Buffer.from("other"), OLD);
      return undefined;
    };
    const raced = await edge.send(copy({}, "/copies/raced"));
    assert.ok(raced.status >= 400);
    assert.equal(edge.backend.objects.has("copies/raced"), false);
  });

  it("is refused when the backend does not say what the source's ETag is", async () => {
    await using edge = await edgeWithCat();
    const { headers } = edge.backend.objects.get("photos/cat") ?? assert.fail();
    edge.backend.intercept = ({ method }) => (method === "HEAD" ? answer(200, headers) : undefined);
    assert.equal((await edge.send(copy())).code, "ServiceUnavailable");
    assert.equal(edge.backend.objects.has("copies/cat2"), false);
  });

  for (const [directive, expected] of [
    [undefined, OLD],
    ["COPY", OLD],
    ["REPLACE", { "content-type": "text/new", "x-amz-meta-new": "1" }],
  ] as const) {
    it(`with directive ${directive} has metadata and content headers of one side only`, async () => {
      await using edge = await edgeWithCat();
      const given = directive === undefined ? {} : { "x-amz-metadata-directive": directive };
      await edge.send(copy({ ...NEW, ...given }));
      const { headers } = edge.backend.objects.get("copies/cat2") ?? assert.fail();
      const { [HEADER_FIELD]: _, "x-amz-storage-class": storage, ...stored } = headers;
      assert.deepEqual(stored, expected);
      assert.equal(storage, "IA");
    });
  }

  for (const [what, headers, code] of [
    ["a directive nobody knows", { "x-amz-metadata-directive": "replace" }, "InvalidArgument"],
    ["a tagging directive nobody knows", { "x-amz-tagging-directive": "X" }, "InvalidArgument"],
    ["metadata of the gateway", { "x-amz-meta-s3eg": "x" }, "InvalidArgument"],
    ["a source without a key", { "x-amz-copy-source": "/photos" }, "InvalidArgument"],
    ["a source that is not there", { "x-amz-copy-source": "/photos/dog" }, "NoSuchKey"],
  ] as const) {
    it(`is ${code} for ${what}`, async () => {
      await using edge = await edgeWithCat();
      assert.equal((await edge.send(copy(headers))).code, code);
      assert.equal(edge.backend.objects.has("copies/cat2"), false);
    });
  }

  it("onto itself must change something", async () => {
    await using edge = await edgeWithCat();
    const itself = (headers = {}) => edge.send(copy(headers, "/photos/cat"));
    assert.equal((await itself()).code, "InvalidRequest");
    assert.equal((await itself({ "x-amz-metadata-directive": "COPY" })).code, "InvalidRequest");
    assert.equal((await itself({ "x-amz-storage-class": "STANDARD" })).status, 200);
    assert.equal((await itself({ "x-amz-metadata-directive": "REPLACE" })).status, 200);
    assert.equal((await edge.send({ method: "GET", path: "/photos/cat" })).text, "meow");
  });

  it("judges conditions on the source by the client's ETag, and passes who owns it on", async () => {
    await using edge = await edgeWithCat();
    const { etag } = edge.backend.objects.get("photos/cat") ?? assert.fail();
    const shown = `${etag.slice(0, -1)}-0"`;
    for (const [name, value, status] of [
      ["if-match", shown, 200],
      ["if-match", etag, 412],
      ["if-none-match", shown, 412],
      ["if-none-match", etag, 200],
    ] as const) {
      const answered = await edge.send(copy({ [`x-amz-copy-source-${name}`]: value }));
      assert.equal(answered.status, status, `${name}: ${value}`);
    }
    const owners = {
      "x-amz-source-expected-bucket-owner": "1",
      "x-amz-expected-bucket-owner": "2",
    };
    await edge.send(copy(owners));
    assert.equal(edge.backend.last("HEAD").request.headers?.["x-amz-expected-bucket-owner"], "1");
    const { headers = {} } = edge.backend.last("PUT").request;
    assert.equal(headers["x-amz-expected-bucket-owner"], "2");
    assert.equal(headers["x-amz-source-expected-bucket-owner"], "1");
  });

  it("that fails after the backend has answered 200 is an error all the same", async () => {
    await using edge = await edgeWithCat();
    for (const [text, code, status] of [
      ["\n\n<Error><Code>SlowDown</Code><Message>later</Message></Error>", "SlowDown", 500],
      ["<Error/>", "InternalError", 500],
      ["", "ServiceUnavailable", 503],
    ] as const) {
      edge.backend.intercept = ({ method }) =>
        method === "PUT" ? answer(200, {}, text) : undefined;
      const failed = await edge.send(copy());
      assert.deepEqual([failed.code, failed.status], [code, status]);
    }
  });

  it("does not take a plain object into a bucket of sealed ones", async () => {
    await using edge = await runningEdge();
    edge.backend.put("photos/cat", Buffer.from("plain"));
    assert.equal((await edge.send(copy())).code, "AccessDenied");
    assert.equal(edge.backend.objects.has("copies/cat2"), false);
  });

  it("has one ETag in document and header, where the backend sends it in both", async () => {
    const etag = "0123456789abcdef0123456789abcdef";
    const result = `<CopyObjectResult><ETag>&quot;${etag}&quot;</ETag></CopyObjectResult>`;
    await using edge = await edgeWithCat();
    edge.backend.intercept = ({ method }) =>
      method === "PUT" ? answer(200, { etag: `"${etag}"` }, result) : undefined;
    const copied = await edge.send(copy());
    assert.deepEqual(
      [copied.headers.etag, copied.xml().textOf("ETag")],
      [`"${etag}-0"`, `"${etag}-0"`],
    );
    edge.backend.intercept = ({ method }) =>
      method === "PUT" ? answer(200, {}, result) : undefined;
    assert.equal((await edge.send(copy())).headers.etag, undefined);
  });
});
