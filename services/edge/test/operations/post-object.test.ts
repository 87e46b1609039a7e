import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import { type SentForm, signedForm } from "../form/sent-form.ts";
import { runningEdge } from "../running-edge.ts";

const MEOW = Buffer.from("meow");
const CAT: SentForm = { bucket: "photos", fields: { key: "a/ü cat" }, bytes: MEOW };
const LOCATION = "http://gateway.example/photos/a/%C3%BC%20cat";
// What lies on the backend is the sealed object; the stand-in appends to the plaintext what sealing adds.
const ETAG = /^"[0-9a-f]{32}-0"$/;

const withField = (name: string, value: string) =>
  signedForm({ ...CAT, fields: { ...CAT.fields, [name]: value } });

describe("PostObject", () => {
  it("answers 204 with ETag and Location where nothing else is asked for", async () => {
    await using edge = await runningEdge();
    for (const form of [signedForm(CAT), withField("success_action_status", "404")]) {
      const { status, headers, text } = await edge.sendUnsigned(form);
      assert.deepEqual([status, text, headers.location], [204, "", LOCATION]);
      assert.match(headers.etag ?? "", ETAG);
    }
  });

  it("answers 200, or 201 with a document, where the form asks for it", async () => {
    await using edge = await runningEdge();
    const ok = await edge.sendUnsigned(withField("success_action_status", "200"));
    assert.deepEqual([ok.status, ok.text], [200, ""]);
    const created = await edge.sendUnsigned(withField("success_action_status", "201"));
    assert.equal(created.status, 201);
    const document = created.xml();
    assert.equal(document.name, "PostResponse");
    assert.deepEqual(
      ["Location", "Bucket", "Key", "ETag"].map((name) => document.textOf(name)),
      [LOCATION, "photos", "a/ü cat", created.headers.etag],
    );
  });

  it("redirects where the form asks for it, with what was stored", async () => {
    await using edge = await runningEdge();
    for (const [wanted, joint] of [
      ["https://app.example/done", "?"],
      ["https://app.example/done?x=1", "&"],
    ] as const) {
      const { status, headers } = await edge.sendUnsigned(
        withField("success_action_redirect", wanted),
      );
      assert.equal(status, 303);
      const etag = encodeURIComponent(headers.etag ?? "");
      const facts = `bucket=photos&key=a%2F%C3%BC%20cat&etag=${etag}`;
      assert.equal(headers.location, `${wanted}${joint}${facts}`);
    }
  });

  it("does not redirect to what is no URL", async () => {
    await using edge = await runningEdge();
    for (const wanted of ["javascript:alert(1)", "//evil.example", "https://", "http://a\tb"]) {
      const { status } = await edge.sendUnsigned(withField("success_action_redirect", wanted));
      assert.equal(status, 204, wanted);
    }
  });

  it("stores what a PUT would", async () => {
    await using edge = await runningEdge();
    const fields = {
      ...CAT.fields,
      "Content-Type": "text/cat",
      "x-amz-meta-a": "b",
      acl: "private",
    };
    await edge.sendUnsigned(signedForm({ ...CAT, fields }));
    const [seal] = edge.crypto.seals;
    assert.equal(seal?.headers["content-type"], "text/cat");
    assert.equal(seal?.headers["x-amz-meta-a"], "b");
    assert.equal(seal?.headers["x-amz-acl"], "private");
    assert.equal(Object.keys(seal?.headers ?? {}).length, 3);
  });

  it("streams a large file through", async () => {
    await using edge = await runningEdge();
    const bytes = Buffer.alloc(5 * 1024 * 1024, "meow");
    const { status } = await edge.sendUnsigned(signedForm({ ...CAT, bytes }));
    assert.equal(status, 204);
    const { text } = await edge.send({ method: "GET", path: "/photos/a/%C3%BC%20cat" });
    assert.equal(hash("md5", text), hash("md5", bytes));
  });

  it("follows the bucket's rules on server-side encryption", async () => {
    await using edge = await runningEdge();
    const form = withField("x-amz-server-side-encryption", "AES256");
    assert.equal((await edge.sendUnsigned(form)).status, 204);
    assert.equal(edge.crypto.seals[0]?.headers["x-amz-server-side-encryption"], "AES256");
  });
});
