import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { signedForm } from "../../services/edge/test/form/sent-form.ts";
import { FLAG, METADATA_FIELD } from "../../shared/src/format/layout.ts";
import { CONTENT, GIVEN, hiding, hidingGateway, PLAIN, PLAIN_BUCKET } from "./hidden-metadata.ts";
import { BUCKET, type RunningGateway } from "./running-gateway.ts";
import { pathOf } from "./wire-client.ts";

describe("policy metadata: sealed", () => {
  let gateway: RunningGateway;
  const { put, assertHidden, assertShown } = hiding(() => gateway);

  before(async () => {
    gateway = await hidingGateway();
  });
  after(() => gateway[Symbol.asyncDispose]());

  it("hides what PutObject gives, and shows it to every reader", async () => {
    const path = pathOf(BUCKET, "put");
    await put(path);
    assert.equal(await assertHidden(path), FLAG.sealedMetadata);
    await assertShown(path);
    const whole = await gateway.client.send("GET", path);
    assert.ok(whole.bytes.equals(PLAIN));
    assert.equal(whole.headers.etag, (await gateway.client.send("HEAD", path)).headers.etag);
  });

  it("hides that there is nothing to hide, and shows what S3 shows then", async () => {
    const path = pathOf(BUCKET, "nothing");
    await put(path, {});
    await assertHidden(path);
    const plain = pathOf(PLAIN_BUCKET, "nothing");
    await put(plain, {});
    const type = (await gateway.client.send("HEAD", plain)).headers["content-type"];
    await assertShown(path, { "content-type": String(type) });
  });

  it("leaves everything else of an answer as it is without it", async () => {
    const plain = pathOf(PLAIN_BUCKET, "same");
    const sealed = pathOf(BUCKET, "same");
    const headers = { ...GIVEN, "x-amz-tagging": "a=b", "x-amz-storage-class": "STANDARD_IA" };
    for (const path of [plain, sealed]) await put(path, headers);
    for (const [method, sending] of [
      ["GET", {}],
      ["HEAD", {}],
      ["GET", { headers: { range: "bytes=-5" } }],
      ["GET", { query: "attributes=", headers: { "x-amz-object-attributes": "ObjectSize,ETag" } }],
      ["GET", { headers: { range: "bytes=99999999-" } }],
      ["HEAD", { headers: { "if-none-match": "*" } }],
      ["GET", { headers: { "if-none-match": "*" } }],
    ] as const) {
      const [one, other] = [
        await gateway.client.send(method, plain, sending),
        await gateway.client.send(method, sealed, sending),
      ];
      assert.equal(other.status, one.status);
      assert.deepEqual(Object.keys(other.headers).toSorted(), Object.keys(one.headers).toSorted());
      for (const name of Object.keys(GIVEN)) assert.equal(other.headers[name], one.headers[name]);
    }
  });

  it("heeds conditions on HEAD, and answers them without a word about metadata", async () => {
    const path = pathOf(BUCKET, "conditions");
    await put(path);
    const { etag = "" } = (await gateway.client.send("HEAD", path)).headers;
    for (const [headers, status] of [
      [{ "if-match": etag }, 200],
      [{ "if-match": '"0"' }, 412],
      [{ "if-none-match": etag }, 304],
      [{ "if-none-match": '"0"' }, 200],
    ] as const) {
      const answer = await gateway.client.send("HEAD", path, { headers });
      assert.equal(answer.status, status);
      assert.equal(
        answer.headers["x-amz-meta-secretowner"],
        status === 200 ? "secret-person" : undefined,
      );
    }
  });

  it("presents an object as response-… asks, and does not tell the backend so", async () => {
    const path = pathOf(BUCKET, "presented");
    await put(path);
    const query = "response-content-type=text%2Fshown&response-expires=never&versionId=null";
    const asked = gateway.lines.length;
    for (const method of ["GET", "HEAD"]) {
      const answer = await gateway.client.send(method, path, { query });
      assert.equal(answer.status, 200, answer.text);
      const { "content-type": type, expires } = answer.headers;
      assert.deepEqual([type, expires], ["text/shown", "never"]);
      assert.equal(answer.headers["content-language"], CONTENT["content-language"]);
    }
    assert.ok(!gateway.lines.slice(asked).some((line) => line.includes("text/shown")));
    const old = pathOf(PLAIN_BUCKET, "presented");
    await put(old);
    const { headers } = await gateway.client.send("HEAD", old, { query });
    assert.equal(headers["content-type"], "text/shown");
  });

  it("refuses what has no room once it is sealed, content headers included", async () => {
    const path = pathOf(BUCKET, "large");
    for (const [headers, status] of [
      [{ "x-amz-meta-a": "x".repeat(1000) }, 200],
      [{ "x-amz-meta-a": "x".repeat(1400) }, 400],
      [{ "content-disposition": "x".repeat(1400) }, 400],
    ] as const) {
      const answer = await gateway.client.send("PUT", path, { headers, body: PLAIN });
      assert.deepEqual(
        [answer.status, answer.code],
        [status, status === 200 ? "" : "MetadataTooLarge"],
      );
      const begun = await gateway.client.send("POST", path, { query: "uploads=", headers });
      assert.equal(begun.status, status);
      const source = {
        "x-amz-copy-source": path,
        "x-amz-metadata-directive": "REPLACE",
        ...headers,
      };
      const copied = await gateway.client.send("PUT", path, { headers: source });
      assert.equal(copied.status, status, copied.text);
    }
    await assertShown(path, {
      "content-type": "binary/octet-stream",
      "x-amz-meta-a": "x".repeat(1000),
    });
  });

  it("holds for forms of browsers", async () => {
    const fields = {
      key: "posted",
      "Content-Type": "image/x-secret-kind",
      "x-amz-meta-secretowner": "secret-person",
    };
    const form = signedForm({ bucket: BUCKET, fields, bytes: PLAIN });
    const { headers = {}, body } = form;
    const answer = await gateway.client.send("POST", form.path, {
      headers: { ...headers, host: `127.0.0.1:${gateway.port}` },
      body: Buffer.from(body ?? ""),
      isSigned: false,
    });
    assert.equal(answer.status, 204, answer.text);
    await assertHidden(pathOf(BUCKET, "posted"));
    await assertShown(pathOf(BUCKET, "posted"), {
      "content-type": "image/x-secret-kind",
      "x-amz-meta-secretowner": "secret-person",
    });
  });

  it("leaves listings alone", async () => {
    const { text } = await gateway.client.send("GET", `/${BUCKET}`, {
      query: "list-type=2&prefix=put",
    });
    assert.match(text, new RegExp(`<Size>${PLAIN.length}</Size>`));
    assert.ok(!text.includes("secret"));
  });

  it("does not let a client name the gateway's own, in a PUT or a copy", async () => {
    const headers = { [METADATA_FIELD]: "AAAA" };
    const answer = await gateway.client.send("PUT", pathOf(BUCKET, "own"), { headers, body: "x" });
    assert.deepEqual([answer.status, answer.code], [400, "InvalidArgument"]);
  });
});
