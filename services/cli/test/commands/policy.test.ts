import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { policy } from "../../src/commands/policy.ts";
import { scratchFolder } from "../environment.ts";

const TENANT = "id: tenant\nbuckets: ['ten-*']\netag: md5\n";

describe("s3eg policy explain", () => {
  it("says which policy it is and why, and where each value comes from", async () => {
    await using scratch = await scratchFolder();
    const file = join(scratch.folder, "a.yaml");
    await writeFile(file, TENANT);
    const env = {
      POLICIES: file,
      METADATA_POLICY: "sealed",
      GW_POLICY_1_ID: "all",
      GW_POLICY_1_BUCKETS: "*",
    };
    const text = await policy(["explain", "ten-1", "a/key"], env);
    assert.match(text, /^ten-1\/a\/key: policy "tenant" \(.*a\.yaml\) is the first .* by ten-\*$/m);
    assert.match(text, /passed over: policy "all" \(GW_POLICY_1_\*\), which names it by \*$/m);
    assert.match(text, /^etag +md5 .*a\.yaml line 3$/m);
    assert.match(text, /^metadata +sealed .*objects\.metadata \(METADATA_POLICY\)$/m);
    assert.match(text, /^sse +pass .* default$/m);
    assert.match(await policy(["explain", "other"], {}), /^other: no policy names it/);
  });

  it("says it as JSON", async () => {
    const env = { GW_POLICY_1_ID: "all", GW_POLICY_1_BUCKETS: "*", GW_POLICY_1_REQUIRE_TLS: "1" };
    const text = await policy(["explain", "b", "k", "--output", "json"], env);
    const { policy: found, settings } = JSON.parse(text) as {
      policy: { id: string };
      settings: { setting: string; value: string; from: string }[];
    };
    assert.equal(found.id, "all");
    const tls = settings.find(({ setting }) => setting === "require_tls");
    assert.deepEqual([tls?.value, tls?.from], ["true", "GW_POLICY_1_* line 1"]);
  });

  it("is refused with the problems of policies that could not be read", async () => {
    await assert.rejects(policy(["explain", "b"], { POLICIES: "/nowhere/*" }), {
      code: "config.invalid",
    });
  });

  it("says how it is called", async () => {
    for (const args of [[], ["explain"], ["show", "b"], ["explain", "b", "k", "x"]]) {
      await assert.rejects(policy(args, {}), /usage: s3eg policy explain/);
    }
  });
});
