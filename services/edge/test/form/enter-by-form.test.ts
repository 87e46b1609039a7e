import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runningEdge, type Sending, STANDARD } from "../running-edge.ts";
import { type SentForm, signedForm, unsignedForm } from "./sent-form.ts";

const CAT: SentForm = { bucket: "photos", fields: { key: "cat" }, bytes: Buffer.from("meow") };

async function codeOf(
  sending: Sending,
  options: Parameters<typeof runningEdge>[0] = {},
): Promise<string | undefined> {
  await using edge = await runningEdge(options);
  const { code } = await edge.sendUnsigned(sending);
  if (code !== undefined) assert.equal(edge.backend.kept.length, 0);
  return code;
}

describe("a form", () => {
  it("is let in by the signature of its policy, and named as who signed it", async () => {
    await using edge = await runningEdge();
    const { status } = await edge.sendUnsigned(signedForm({ ...CAT, accessKey: "AK2" }));
    assert.equal(status, 204);
    const [seal] = edge.crypto.seals;
    assert.deepEqual(seal?.target, { bucket: "photos", key: "cat", identity: "BK2" });
    assert.equal(seal?.size, 4);
    assert.equal(edge.done[0]?.accessKey, "AK2");
    assert.equal(edge.done[0]?.operation, "PostObject");
    assert.equal((await edge.send({ method: "GET", path: "/photos/cat" })).text, "meow");
  });

  it("is refused with a policy for something else, before anything is stored", async () => {
    for (const [code, form] of [
      ["AccessDenied", { ...CAT, expiration: "2020-01-01T00:00:00Z" }],
      ["AccessDenied", { ...CAT, conditions: [["eq", "$key", "dog"]] }],
      ["AccessDenied", { ...CAT, conditions: [{ bucket: "other" }] }],
      ["EntityTooLarge", { ...CAT, conditions: [["content-length-range", 0, 3]] }],
      ["EntityTooSmall", { ...CAT, conditions: [["content-length-range", 5, 9]] }],
      ["InvalidPolicyDocument", { ...CAT, expiration: "soon" }],
      ["InvalidPolicyDocument", { ...CAT, conditions: [{}] }],
      ["InvalidAccessKeyId", { ...CAT, accessKey: "nobody" }],
      ["InvalidArgument", { ...CAT, fields: {} }],
      ["InvalidArgument", { ...CAT, fields: { key: "cat", "x-amz-meta-s3eg": "mine" } }],
      ["AccessDenied", { ...CAT, fields: { key: "cat", bucket: "other" } }],
    ] as const) {
      assert.equal(await codeOf(signedForm(form)), code, JSON.stringify(form));
    }
  });

  it("of a large file is judged by its length before its bytes are sealed", async () => {
    const bytes = Buffer.alloc(3 * 1024 * 1024);
    const conditions = [["content-length-range", 0, bytes.length - 1]];
    assert.equal(await codeOf(signedForm({ ...CAT, bytes, conditions })), "EntityTooLarge");
  });

  it("without a signature is refused where the policy of its bucket does", async () => {
    const form = unsignedForm(CAT);
    assert.equal(await codeOf(form), "AccessDenied");
    const rule = { ...STANDARD, id: "r", buckets: ["*"] };
    assert.equal(await codeOf(form, { rules: [{ ...rule, anonymous: "read" }] }), "AccessDenied");
    assert.equal(await codeOf(form, { rules: [{ ...rule, anonymous: "pass" }] }), undefined);
  });

  it("is the caller's only by what is signed inside", async () => {
    await using edge = await runningEdge();
    const { body = "", ...form } = unsignedForm(CAT);
    assert.equal((await edge.send({ ...form, body })).code, "AccessDenied");
  });

  it("is bound to the one bucket that may be used", async () => {
    const env = { PROXIED_BUCKET: "other" };
    assert.equal(await codeOf(signedForm(CAT), { env }), "AccessDenied");
  });

  it("keeps its checksums", async () => {
    const crc = (value: string) =>
      signedForm({ ...CAT, fields: { key: "cat", "x-amz-checksum-crc32": value } });
    await using edge = await runningEdge();
    assert.equal((await edge.sendUnsigned(crc("AAAAAA=="))).code, "BadDigest");
    assert.equal(edge.backend.objects.size, 0);
  });

  const boundary = { "content-type": "multipart/form-data; boundary=b0" };
  for (const [code, what, headers] of [
    ["PreconditionFailed", "another type", { "content-type": "text/plain" }],
    ["MalformedPOSTRequest", "no boundary", { "content-type": "multipart/form-data" }],
    ["MissingContentLength", "no length", { ...boundary, "transfer-encoding": "chunked" }],
  ] as const) {
    it(`is ${code} with ${what}`, async () => {
      const { method, path, body = "" } = signedForm(CAT);
      const length = what === "no length" ? {} : { "content-length": String(body.length) };
      assert.equal(await codeOf({ method, path, body, headers: { ...headers, ...length } }), code);
    });
  }
});
