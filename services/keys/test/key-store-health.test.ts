import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { keyStoreHealth } from "../src/key-store-health.ts";
import { CountingCustodian } from "./counting-custodian.ts";

function watched() {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLog({ service: "keys", level: "info", destination });
  const metrics = createMetrics();
  const active = new CountingCustodian();
  const chosen = new CountingCustodian();
  const policyStores = [{ provider: "rsa", custodian: chosen }] as const;
  const check = keyStoreHealth(active, { policyStores, metrics, log });
  const look = async () => {
    await check(new AbortController().signal);
    await new Promise((resolve) => setImmediate(resolve));
  };
  const healthy = async (provider: string) => {
    const found = new RegExp(`gateway_kms_healthy\\{provider="${provider}"\\} (\\d)`);
    return found.exec(await metrics.text())?.[1];
  };
  return { lines, active, chosen, look, healthy };
}

describe("the health of key stores", () => {
  it("is that of the active one; one that only policies choose is measured and logged, once", async () => {
    const at = watched();
    await at.look();
    assert.deepEqual([await at.healthy("aes"), await at.healthy("rsa")], ["1", "1"]);
    at.chosen.failure = new Error("away");
    await at.look();
    await at.look();
    assert.deepEqual([await at.healthy("aes"), await at.healthy("rsa")], ["1", "0"]);
    assert.equal(at.lines.length, 1);
    at.chosen.failure = undefined;
    await at.look();
    assert.equal(await at.healthy("rsa"), "1");
    assert.match(at.lines[1] ?? "", /can be used again/);
    at.active.failure = new Error("away");
    await assert.rejects(at.look(), /away/);
    assert.equal(await at.healthy("aes"), "0");
  });
});
