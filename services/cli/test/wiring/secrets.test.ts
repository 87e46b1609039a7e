import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Env } from "../../src/gateway-config.ts";
import { readGatewayConfig } from "../../src/gateway-config.ts";
import type { Role } from "../../src/roles.ts";
import { secretsOf } from "../../src/wiring/secrets.ts";
import { COMPLETE, scratchFolder } from "../environment.ts";

const SERVICE_SECRET = "11".repeat(32);
const KEYS_SECRET = "22".repeat(32);
const SPLIT = { ...COMPLETE, NATS_URL: "nats://127.0.0.1:1", SERVICE_SECRET, KEYS_SECRET };

async function secretsFor(roles: readonly Role[], env: Env) {
  return await secretsOf(readGatewayConfig([], env).config, new Set(roles));
}

describe("the secrets between services", () => {
  it("are not needed within one process, nor by roles that ask for nothing", async () => {
    assert.equal(await secretsFor(["edge", "crypto", "keys"], COMPLETE), undefined);
    assert.equal(await secretsFor(["audit", "admin"], { ...SPLIT, SERVICE_SECRET: "" }), undefined);
  });

  it("are read by who needs none, where they are given", async () => {
    const audit = await secretsFor(["audit"], SPLIT);
    assert.equal(Buffer.from(audit?.service.reveal() ?? []).toString("hex"), SERVICE_SECRET);
    assert.equal(audit?.keys, undefined);
    assert.equal(await secretsFor(["audit"], { ...SPLIT, NATS_URL: "" }), undefined);
  });

  it("are needed by an admin that asks keys", async () => {
    const token = "a-token-of-more-than-thirty-two-characters";
    const inline = { ADMIN_AUTH_TOKEN: token, ADMIN_ALLOW_INLINE_TOKEN: "1" };
    const admin = { ...SPLIT, ADMIN_ENABLED: "true", ...inline };
    assert.equal((await secretsFor(["admin"], admin))?.keys, undefined);
    await assert.rejects(secretsFor(["admin"], { ...admin, SERVICE_SECRET: "" }), /SERVICE_SECRET/);
  });

  it("are those that the roles need, and no other", async () => {
    const edge = await secretsFor(["edge"], SPLIT);
    assert.equal(Buffer.from(edge?.service.reveal() ?? []).toString("hex"), SERVICE_SECRET);
    assert.equal(edge?.keys, undefined);
    for (const role of ["crypto", "keys"] as const) {
      const both = await secretsFor([role], SPLIT);
      assert.equal(Buffer.from(both?.keys?.reveal() ?? []).toString("hex"), KEYS_SECRET);
    }
  });

  it("may lie in files", async () => {
    await using scratch = await scratchFolder();
    const file = join(scratch.folder, "secret");
    await writeFile(file, `${SERVICE_SECRET}\n`, { mode: 0o600 });
    const env = { ...SPLIT, SERVICE_SECRET: "", SERVICE_SECRET_FILE: file };
    const secrets = await secretsFor(["edge"], env);
    assert.equal(Buffer.from(secrets?.service.reveal() ?? []).toString("hex"), SERVICE_SECRET);
  });

  it("are named where they are missing or not 32 bytes, and never quoted", async () => {
    for (const [roles, change, named] of [
      [["edge"], { SERVICE_SECRET: "" }, /SERVICE_SECRET/],
      [["crypto"], { KEYS_SECRET: "" }, /KEYS_SECRET/],
      [["edge"], { SERVICE_SECRET: "too-short" }, /SERVICE_SECRET/],
    ] as const) {
      await assert.rejects(secretsFor(roles, { ...SPLIT, ...change }), (error: Error) => {
        assert.match(error.message, named);
        assert.doesNotMatch(error.message, /too-short|2222/);
        return true;
      });
    }
  });
});
