/** Who may come in, and how refusals look. */
import assert from "node:assert/strict";
import { assertAnswer, feature, putText, send } from "./feature.ts";
import { presignPath, sendRaw, sendUnsigned } from "./raw-request.ts";

export const accessFeatures = [
  feature(
    "a wrong secret, an unknown key and nobody at all are refused",
    async ({ signer, bucket }) => {
      const get = { method: "GET", path: `/${bucket}` };
      const wrong = await sendRaw({ ...signer, secretKey: "wrong-secret-key" }, get);
      assertAnswer(wrong, 403, "SignatureDoesNotMatch");
      const unknown = await sendRaw({ ...signer, accessKey: "NOBODYKNOWSME" }, get);
      assertAnswer(unknown, 403, "InvalidAccessKeyId");
      assertAnswer(await sendUnsigned(signer, get), 403, "AccessDenied");
    },
  ),
  feature("presigned GET and PUT", async ({ signer, bucket }) => {
    const path = `/${bucket}/k`;
    const put = { method: "PUT", path: presignPath(signer, { method: "PUT", path }), body: "x" };
    assertAnswer(await sendUnsigned(signer, { ...put, headers: { "content-length": "1" } }), 200);
    const get = { method: "GET", path: presignPath(signer, { method: "GET", path }) };
    assert.equal((await sendUnsigned(signer, get)).body.toString(), "x");
  }),
  feature(
    "a presigned URL that has expired, or that somebody changed, is refused",
    async (site) => {
      const { signer, bucket } = site;
      await putText(site, "/k", "x");
      const what = { method: "GET", path: `/${bucket}/k` };
      const signedAt = new Date(Date.now() - 3_600_000);
      const expired = presignPath(signer, what, { signedAt });
      assertAnswer(
        await sendUnsigned(signer, { method: "GET", path: expired }),
        403,
        "AccessDenied",
      );
      const changed = presignPath(signer, what).replace("/k?", "/other?");
      const answer = await sendUnsigned(signer, { method: "GET", path: changed });
      assertAnswer(answer, 403, "SignatureDoesNotMatch");
    },
  ),
  feature("Expect: 100-continue is answered", async (site) => {
    const headers = { expect: "100-continue" };
    const put = await send(site, { method: "PUT", path: "/k", headers, body: "x" });
    assertAnswer(put, 200);
    assert.equal(put.hadContinue, true);
  }),
  feature(
    "Expect: 100-continue of a request to be refused gets no 100",
    async ({ signer, bucket }) => {
      const forged = { ...signer, secretKey: "wrong-secret-key" };
      const headers = { expect: "100-continue" };
      const put = await sendRaw(forged, {
        method: "PUT",
        path: `/${bucket}/k`,
        headers,
        body: "x",
      });
      assertAnswer(put, 403, "SignatureDoesNotMatch");
      assert.equal(put.hadContinue, false);
    },
  ),
  feature("errors are XML with code, message and request id", async (site) => {
    const got = await send(site, { method: "GET", path: "/none" });
    const text = got.body.toString("utf8");
    assert.match(text, /<Code>NoSuchKey<\/Code>/);
    assert.match(text, /<Message>[^<]+<\/Message>/);
    assert.equal(got.headers["content-type"], "application/xml");
    assert.ok(got.headers["x-amz-request-id"]);
    const head = await send(site, { method: "HEAD", path: "/none" });
    assert.deepEqual([head.status, head.body.length], [404, 0]);
  }),
  feature("the bucket's location and ACL can be asked for", async ({ s3, bucket: Bucket }) => {
    await s3.getBucketLocation({ Bucket });
    const { Grants = [] } = await s3.getBucketAcl({ Bucket });
    assert.ok(Grants.some(({ Permission }) => Permission === "FULL_CONTROL"));
  }),
  feature("an object's ACL can be asked for", async (site) => {
    const { s3, bucket: Bucket } = site;
    await putText(site, "/k", "x");
    const { Grants = [] } = await s3.getObjectAcl({ Bucket, Key: "k" });
    assert.equal(Grants[0]?.Permission, "FULL_CONTROL");
  }),
];
