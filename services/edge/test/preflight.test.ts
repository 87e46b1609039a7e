import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { answer } from "./memory-backend.ts";
import { runningEdge } from "./running-edge.ts";

const HEADERS = {
  origin: "https://x",
  "access-control-request-method": "PUT",
  "access-control-request-headers": "x-amz-date",
};

describe("a preflight", () => {
  it("is asked of the backend unsigned, with what CORS rules look at and nothing else", async () => {
    await using edge = await runningEdge();
    edge.backend.intercept = () =>
      answer(200, { "access-control-allow-origin": "https://x", vary: "Origin", server: "x" });
    const headers = { ...HEADERS, cookie: "x", "x-amz-acl": "y" };
    const answered = await edge.sendUnsigned({ method: "OPTIONS", path: "/photos/cat", headers });
    assert.equal(answered.status, 200);
    assert.equal(answered.headers["access-control-allow-origin"], "https://x");
    const { request } = edge.backend.last("OPTIONS");
    assert.deepEqual(
      [request.bucket, request.key, request.identity],
      ["photos", "cat", "anonymous"],
    );
    assert.deepEqual(request.headers, HEADERS);
    assert.equal(edge.done[0]?.operation, "Preflight");
  });

  it("of a presigned URL is asked as whom that names", async () => {
    await using edge = await runningEdge();
    edge.backend.intercept = () => answer(200);
    const asked = async (query: string) => {
      await edge.sendUnsigned({ method: "OPTIONS", path: `/photos?${query}`, headers: HEADERS });
      return edge.backend.last("OPTIONS").request.identity;
    };
    const scope = "%2F20260101%2Fus-east-1%2Fs3%2Faws4_request";
    assert.equal(await asked(`X-Amz-Credential=AK2${scope}`), "BK2");
    assert.equal(await asked("AWSAccessKeyId=AK2"), "BK2");
    assert.equal(await asked(`X-Amz-Credential=AK${scope}`), undefined);
    assert.equal(await asked(`X-Amz-Credential=nobody${scope}`), "anonymous");
  });

  it("needs an origin and a bucket", async () => {
    await using edge = await runningEdge();
    const root = await edge.sendUnsigned({ method: "OPTIONS", path: "/", headers: HEADERS });
    assert.equal(root.code, "MethodNotAllowed");
    const bare = await edge.sendUnsigned({ method: "OPTIONS", path: "/photos" });
    assert.equal(bare.code, "BadRequest");
    assert.equal(edge.backend.kept.length, 0);
  });
});
