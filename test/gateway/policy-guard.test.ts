import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { plaintextOf } from "./plaintext.ts";
import { BUCKET, type RunningGateway, runningGateway } from "./running-gateway.ts";
import { MIN_PART, Uploading } from "./uploading.ts";
import { pathOf } from "./wire-client.ts";

const MAX = MIN_PART + 10;
const POLICIES = [
  `id: small\nbuckets: [${BUCKET}]\nmax_object_size: ${MAX}\ndisallow_lock_bypass: true\n`,
  "id: secure\nbuckets: [secure]\nrequire_tls: true\n",
];

let gateway: RunningGateway;
before(async () => {
  const env = { SERVER_TRUSTED_PROXIES: "127.0.0.1" };
  gateway = await runningGateway({ env, policies: POLICIES });
  for (const bucket of ["secure", "open"]) await gateway.behind.send("PUT", `/${bucket}`);
});
after(() => gateway[Symbol.asyncDispose]());

describe("max_object_size", () => {
  const isAbsent = async (key: string) =>
    assert.equal((await gateway.behind.send("HEAD", pathOf(BUCKET, key))).status, 404);

  it("refuses a larger object before anything of it is stored", async () => {
    const path = pathOf(BUCKET, "put");
    const large = await gateway.client.send("PUT", path, { body: plaintextOf(MAX + 1) });
    assert.equal(large.code, "EntityTooLarge");
    await isAbsent("put");
    assert.equal((await gateway.client.send("PUT", path, { body: plaintextOf(MAX) })).status, 200);
  });

  it("refuses a copy of a larger object", async () => {
    await gateway.client.send("PUT", "/open/large", { body: plaintextOf(MAX + 1) });
    const headers = { "x-amz-copy-source": "/open/large" };
    const copied = await gateway.client.send("PUT", pathOf(BUCKET, "copy"), { headers });
    assert.equal(copied.code, "EntityTooLarge");
    await isAbsent("copy");
  });

  it("refuses a larger part, and parts that are too large together", async () => {
    const upload = await Uploading.begin(gateway, "parts");
    assert.equal((await upload.send(1, plaintextOf(MAX + 1))).code, "EntityTooLarge");
    const range = `bytes=0-${MAX}`;
    assert.equal((await upload.copy(1, "/open/large", range)).code, "EntityTooLarge");
    const first = await upload.part(1, plaintextOf(MIN_PART));
    const second = await upload.part(2, plaintextOf(11));
    assert.equal((await upload.complete([first, second])).code, "EntityTooLarge");
    await isAbsent("parts");
    const fitting = await upload.part(2, plaintextOf(10));
    assert.equal((await upload.complete([first, fitting])).status, 200);
  });
});

describe("require_tls", () => {
  const code = async (method: string, path: string, headers: Record<string, string> = {}) =>
    (await gateway.client.send(method, path, { headers })).code;

  it("refuses requests over plain HTTP, and copies out of the bucket", async () => {
    assert.equal(await code("PUT", "/secure/k"), "AccessDenied");
    assert.equal(await code("GET", "/secure"), "AccessDenied");
    assert.equal(
      await code("PUT", "/open/k", { "x-amz-copy-source": "/secure/k" }),
      "AccessDenied",
    );
    assert.equal(await code("PUT", "/open/k"), "");
  });

  it("takes those whose client came to a trusted proxy by HTTPS", async () => {
    const headers = { "x-forwarded-proto": "https" };
    assert.equal(await code("PUT", "/secure/k", headers), "");
    assert.equal(await code("GET", "/secure", headers), "");
  });
});

describe("disallow_lock_bypass", () => {
  it("lets nobody bypass governance retention: in a header, or in a batch", async () => {
    const headers = { "x-amz-bypass-governance-retention": "true" };
    const path = pathOf(BUCKET, "locked");
    const refused = await gateway.client.send("DELETE", path, { headers });
    assert.equal(refused.code, "AccessDenied");
    const batch = { query: "delete=", headers, body: "<Delete/>" };
    assert.equal((await gateway.client.send("POST", `/${BUCKET}`, batch)).code, "AccessDenied");
    assert.equal((await gateway.client.send("DELETE", path)).status, 204);
  });
});
