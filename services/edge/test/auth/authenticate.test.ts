import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { signV2, stringToSignV2 } from "@s3eg/shared/s3/sigv2.ts";
import { runningEdge, SECRET } from "../running-edge.ts";

const GET = { method: "GET", path: "/photos/cat" };
const UNSIGNED = { method: "GET", rawPath: "/photos/cat", rawQuery: "", headers: [] };

function signedV2(): Record<string, string> {
  const date = new Date().toUTCString();
  const signature = signV2(SECRET, stringToSignV2(UNSIGNED, date));
  return { date, authorization: `AWS AK:${signature}` };
}

function presignedV2(expiresAtMs = Date.now() + 60_000): string {
  const expires = String(Math.floor(expiresAtMs / 1000));
  const signature = encodeURIComponent(signV2(SECRET, stringToSignV2(UNSIGNED, expires)));
  return `/photos/cat?AWSAccessKeyId=AK&Expires=${expires}&Signature=${signature}`;
}

describe("authentication", () => {
  it("lets a signed and a presigned request in", async () => {
    await using edge = await runningEdge();
    await edge.send({ method: "PUT", path: "/photos/cat", body: "meow" });
    assert.equal((await edge.send(GET)).text, "meow");
    const path = edge.presigned({ method: "GET", path: "/photos/cat" });
    assert.equal((await edge.sendUnsigned({ method: "GET", path })).text, "meow");
  });

  it("refuses everyone else before anything is asked of a backend", async () => {
    await using edge = await runningEdge();
    const refusals = [
      ["AccessDenied", await edge.sendUnsigned(GET)],
      ["InvalidAccessKeyId", await edge.send({ ...GET, accessKey: "nobody" })],
      [
        "SignatureDoesNotMatch",
        await edge.sendUnsigned({ ...GET, headers: edge.sign({ ...GET, path: "/photos/dog" }) }),
      ],
    ] as const;
    for (const [code, answer] of refusals) assert.equal(answer.code, code);
    assert.equal(edge.backend.kept.length, 0);
    assert.equal(edge.crypto.opens.length, 0);
    assert.deepEqual(
      edge.done.map(({ accessKey }) => accessKey),
      [undefined, undefined, undefined],
    );
  });

  it("lets signature version 2 in, in the header and in a URL", async () => {
    await using edge = await runningEdge();
    await edge.send({ method: "PUT", path: "/photos/cat", body: "meow" });
    assert.equal((await edge.sendUnsigned({ ...GET, headers: signedV2() })).text, "meow");
    assert.equal((await edge.sendUnsigned({ ...GET, path: presignedV2() })).text, "meow");
    const expired = presignedV2(0);
    assert.equal((await edge.sendUnsigned({ ...GET, path: expired })).code, "AccessDenied");
  });

  it("refuses signature version 2 where it is switched off, as S3 words it", async () => {
    await using edge = await runningEdge({ env: { AUTH_ALLOW_LEGACY_SIGNATURE_V2: "false" } });
    for (const sending of [
      { ...GET, headers: signedV2() },
      { ...GET, path: presignedV2() },
    ]) {
      const { status, code, text } = await edge.sendUnsigned(sending);
      assert.deepEqual([status, code], [400, "InvalidRequest"]);
      assert.match(text, /Please use AWS4-HMAC-SHA256/);
    }
  });

  it("refuses SigV4A as an authorization mechanism that is not supported", async () => {
    await using edge = await runningEdge();
    const headers = { authorization: "AWS4-ECDSA-P256-SHA256 Credential=a, Signature=b" };
    const { status, code } = await edge.sendUnsigned({ ...GET, headers });
    assert.deepEqual([status, code], [400, "InvalidRequest"]);
  });

  it("takes no session token: none was ever given out", async () => {
    await using edge = await runningEdge();
    const headers = { "x-amz-security-token": "t" };
    const answer = await edge.send({ ...GET, headers });
    assert.deepEqual([answer.status, answer.code], [400, "InvalidToken"]);
    const path = edge.presigned({ ...GET, path: "/photos/cat?X-Amz-Security-Token=t" });
    assert.equal((await edge.sendUnsigned({ ...GET, path })).code, "InvalidToken");
  });

  it("names who was let in, and asks the backend as that one where it has an identity", async () => {
    await using edge = await runningEdge();
    await edge.send({ method: "HEAD", path: "/photos" });
    assert.equal(edge.backend.last("HEAD").request.identity, undefined);
    await edge.send({ method: "HEAD", path: "/photos", accessKey: "AK2" });
    assert.equal(edge.backend.last("HEAD").request.identity, "BK2");
    await edge.send({ method: "PUT", path: "/photos/cat", body: "", accessKey: "AK2" });
    assert.equal(edge.backend.last("PUT").request.identity, "BK2");
    assert.deepEqual(
      edge.done.map(({ accessKey, label }) => [accessKey, label]),
      [
        ["AK", "tester"],
        ["AK2", undefined],
        ["AK2", undefined],
      ],
    );
  });
});
