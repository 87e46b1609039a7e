import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { readGatewayConfig } from "../../src/gateway-config.ts";
import { openKeyVersions } from "../../src/wiring/key-versions.ts";
import { COMPLETE, scratchFolder } from "../environment.ts";

const KEYS = { SELF_CONTAINED_AES_KEYS: "1=env:KEK,2=env:KEK2" };
const KEK2 = Buffer.alloc(32, 2).toString("base64");
const log = createLog({ service: "test", level: "error" });

describe("openKeyVersions", () => {
  it("stands under what was decided before, kept where keys looks for it", async () => {
    await using scratch = await scratchFolder();
    const env = { ...COMPLETE, ...KEYS, KEK2, DATA_DIR: scratch.folder };
    const { config } = readGatewayConfig(["edge", "crypto", "keys"], env);
    {
      await using rotation = await openKeyVersions({ config, env, log });
      const { custodian, states } = rotation;
      assert.equal(custodian.activeKey.keyVersion, 2);
      states.decide("rotated", { ...custodian.activeKey, keyVersion: 1 });
    }
    assert.ok(existsSync(join(scratch.folder, "keys", "versions", "1.json")));
    await using rotation = await openKeyVersions({ config, env, log });
    assert.equal(rotation.custodian.activeKey.keyVersion, 1);
  });
});
