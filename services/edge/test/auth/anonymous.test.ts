import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PolicyRule } from "../../src/auth/policy.ts";
import { runningEdge, type Sending, STANDARD } from "../running-edge.ts";

const rule = (bucket: string, anonymous: PolicyRule["anonymous"]): PolicyRule => ({
  ...STANDARD,
  id: bucket,
  buckets: [bucket],
  ...(anonymous === undefined ? {} : { anonymous }),
});
const RULES = [rule("open", "pass"), rule("shown", "read"), rule("shut", "refuse")];

const READING: readonly Sending[] = [
  { method: "GET", path: "/B/cat" },
  { method: "HEAD", path: "/B/cat" },
  { method: "GET", path: "/B" },
  { method: "GET", path: "/B?list-type=2" },
];
const OTHER: readonly Sending[] = [
  { method: "PUT", path: "/B/cat", headers: { "content-length": "0" } },
  { method: "DELETE", path: "/B/cat" },
  { method: "GET", path: "/B?acl" },
  { method: "GET", path: "/B/cat?tagging" },
  { method: "PUT", path: "/B" },
  { method: "DELETE", path: "/B" },
];

describe("requests without a signature", () => {
  const open = () => runningEdge({ rules: RULES });
  const at = (bucket: string, { path, ...sending }: Sending) => ({
    ...sending,
    path: path.replace("B", bucket),
  });
  const prepare = async (edge: Awaited<ReturnType<typeof open>>, bucket: string) => {
    const body = "meow";
    await edge.send({ method: "PUT", path: `/${bucket}/cat`, body });
    edge.backend.kept.length = 0;
  };

  for (const bucket of ["shut", "unnamed"]) {
    it(`are refused before anything is asked in ${bucket}`, async () => {
      await using edge = await open();
      await prepare(edge, bucket);
      for (const sending of [...READING, ...OTHER, { method: "GET", path: "/" }]) {
        assert.equal((await edge.sendUnsigned(at(bucket, sending))).status, 403, sending.path);
      }
      assert.equal(edge.backend.kept.length, 0);
    });
  }

  it("may read and list, and nothing else, where the policy says read", async () => {
    await using edge = await open();
    await prepare(edge, "shown");
    for (const sending of READING) {
      assert.equal((await edge.sendUnsigned(at("shown", sending))).status, 200, sending.path);
    }
    assert.equal((await edge.sendUnsigned(at("shown", READING[0] as Sending))).text, "meow");
    const before = edge.backend.kept.length;
    for (const sending of OTHER) {
      assert.equal((await edge.sendUnsigned(at("shown", sending))).status, 403, sending.path);
    }
    assert.equal(edge.backend.kept.length, before);
  });

  it("all go to the backend where the policy says pass, sealed and unsigned", async () => {
    await using edge = await open();
    await prepare(edge, "open");
    for (const sending of [...READING, ...OTHER]) {
      const { status } = await edge.sendUnsigned(at("open", sending));
      assert.notEqual(status, 403, `${sending.method} ${sending.path}`);
    }
    // The stand-in for crypto opens as nobody in particular.
    const asked = edge.backend.kept.filter(({ request }) => request.method !== "GET");
    assert.deepEqual(new Set(asked.map(({ request }) => request.identity)), new Set(["anonymous"]));
    assert.equal(edge.crypto.seals.at(-1)?.target.identity, "anonymous");
    assert.equal(edge.crypto.opens.at(-1)?.target.identity, "anonymous");
  });

  it("name nobody in the audit trail", async () => {
    await using edge = await open();
    await edge.sendUnsigned({ method: "GET", path: "/shown" });
    assert.equal(edge.done.at(-1)?.accessKey, undefined);
  });

  it("copy only between buckets that are both open to them", async () => {
    await using edge = await open();
    await prepare(edge, "shut");
    const copy = (source: string) =>
      edge.sendUnsigned({
        method: "PUT",
        path: "/open/dog",
        headers: { "x-amz-copy-source": source, "content-length": "0" },
      });
    assert.equal((await copy("shut/cat")).code, "AccessDenied");
    assert.equal((await copy("unnamed/cat")).code, "AccessDenied");
    assert.equal(edge.backend.kept.length, 0);
    await prepare(edge, "open");
    assert.equal((await copy("open/cat")).status, 200);
  });

  it("are bound to the digest they promise, and can't promise signed chunks", async () => {
    await using edge = await open();
    const put = (sha256: string) =>
      edge.sendUnsigned({
        method: "PUT",
        path: "/open/cat",
        headers: { "content-length": "4", "x-amz-content-sha256": sha256 },
        body: "meow",
      });
    assert.equal((await put("0".repeat(64))).code, "XAmzContentSHA256Mismatch");
    assert.equal((await put("STREAMING-AWS4-HMAC-SHA256-PAYLOAD")).code, "InvalidRequest");
    assert.equal((await put("UNSIGNED-PAYLOAD")).status, 200);
  });
});
