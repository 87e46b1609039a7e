import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { rewrap } from "../../services/cli/src/commands/rewrap.ts";
import { C, plaintextOf } from "./plaintext.ts";
import { BUCKET, runningGateway } from "./running-gateway.ts";
import {
  A,
  B,
  keysAt,
  policyOf,
  STANDARD,
  storedOf,
  TENANTS,
  TRANSIT_KEY,
  withTenants,
} from "./tenants.ts";
import { startTransitDouble } from "./transit-double.ts";
import { pathOf } from "./wire-client.ts";

describe("a policy that names a key", () => {
  it("is a refusal to start where keys does not let policies choose it: by file and line, and for every policy", async () => {
    const other = policyOf("c", "c", "{ provider: transit, key_id: tenants/c }");
    const gone = policyOf("d", "d", "provider: kmip");
    const env = { ...keysAt("http://127.0.0.1:1"), KEY_MANAGER_POLICY_KEYS: "transit" };
    await assert.rejects(runningGateway({ policies: [...TENANTS, other, gone], env }), (error) => {
      assert.ok(error instanceof Error && "code" in error && error.code === "config.invalid");
      const lines = error.message.split("\n");
      assert.equal(lines.length, 3, error.message);
      for (const [at, line] of [
        /policy-1\.yaml line 5: encryption\.key_manager\.provider: rsa is no key/,
        /policy-2\.yaml line 5: encryption\.key_manager\.key_id: transit "tenants\/c" is no key/,
        /policy-3\.yaml line 5: encryption\.key_manager\.provider: kmip is no key/,
      ].entries()) {
        assert.match(lines[at] ?? "", line);
      }
      return true;
    });
  });

  it("leaves the other tenants alone while its key store is away, at the start and later", async () => {
    for (const isAwayAtStart of [true, false]) {
      const transit = await startTransitDouble(TRANSIT_KEY);
      if (isAwayAtStart) await transit[Symbol.asyncDispose]();
      await using gateway = await withTenants(transit.address);
      if (!isAwayAtStart) {
        const path = pathOf("a-one", "before");
        assert.equal((await gateway.client.send("PUT", path, { body: "x" })).status, 200);
        await transit[Symbol.asyncDispose]();
        assert.equal((await gateway.client.send("GET", path)).status, 503);
      }
      for (const bucket of ["b-one", BUCKET]) {
        const path = pathOf(bucket, "k");
        assert.equal((await gateway.client.send("PUT", path, { body: bucket })).status, 200);
        assert.equal((await gateway.client.send("GET", path)).text, bucket);
      }
      const refused = await gateway.client.send("PUT", pathOf("a-one", "k"), { body: "x" });
      assert.equal(refused.status, 503, refused.text);
      const listed = await gateway.behind.send("GET", "/a-one", { query: "prefix=k" });
      assert.doesNotMatch(listed.text, /<Key>/);
      const ready = await fetch(`http://127.0.0.1:${gateway.port}/readyz`);
      assert.equal(ready.status, 200);
      await ready.text();
      await using _ = await startTransitDouble(TRANSIT_KEY, Number(new URL(transit.address).port));
      // A login that failed is not tried again for a second.
      const putAgain = () => gateway.client.send("PUT", pathOf("a-one", "k"), { body: "x" });
      let taken = await putAgain();
      for (let tries = 0; taken.status === 503 && tries < 50; tries += 1) {
        await sleep(100);
        taken = await putAgain();
      }
      assert.equal(taken.status, 200, taken.text);
      assert.equal((await storedOf(gateway, "a-one", "k")).key, A);
    }
  });

  it("brings what is in its buckets under its key when it is re-wrapped", async () => {
    const folder = await mkdtemp(join(tmpdir(), "s3eg-key-policies-"));
    const keys = { ...keysAt("http://127.0.0.1:1"), DATA_DIR: folder, OPENBAO_ADDR: "" };
    const env = { ...keys, KEY_MANAGER_POLICY_KEYS: "rsa" };
    await using gateway = await runningGateway({ env });
    await gateway.behind.send("PUT", "/b-one");
    const body = plaintextOf(C + 1, 6);
    await gateway.client.send("PUT", pathOf("b-one", "k"), { body });
    await gateway.client.send("PUT", pathOf(BUCKET, "k"), { body });
    const found = await storedOf(gateway, "b-one", "k");
    assert.equal(found.key, STANDARD);
    const tool = {
      ...gateway.settings,
      ...env,
      GW_POLICY_1_ID: "b",
      GW_POLICY_1_BUCKETS: "b-*",
      GW_POLICY_1_KEY_PROVIDER: "rsa",
    };
    const report = await rewrap(["b-one", BUCKET], tool, { progress: () => undefined });
    assert.match(report, /b-one: 1 rewrapped\n(.*\n)*photos: 1 current/);
    const moved = await storedOf(gateway, "b-one", "k");
    assert.equal(moved.key, B);
    assert.ok(moved.bytes.equals(found.bytes));
    assert.deepEqual((await gateway.client.send("GET", pathOf("b-one", "k"))).bytes, body);
    assert.equal((await storedOf(gateway, BUCKET, "k")).key, STANDARD);
    await rm(folder, { recursive: true, force: true });
  });
});
