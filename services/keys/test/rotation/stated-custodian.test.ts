import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { StatedCustodian } from "../../src/rotation/stated-custodian.ts";
import { VersionStates } from "../../src/rotation/version-states.ts";
import { CountingCustodian } from "../counting-custodian.ts";

const binding = Buffer.alloc(32, 7);
const keyOf = (keyVersion: number) => ({ provider: "aes", keyId: "self", keyVersion }) as const;

function stated(active = 1) {
  const folder = mkdtempSync(join(tmpdir(), "s3eg-stated-"));
  const inner = new CountingCustodian([1, 2], active);
  const states = new VersionStates(folder);
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const [one, two] = inner.readableKeys;
  assert.ok(one && two);
  const custodian = new StatedCustodian(inner, states);
  return { inner, states, custodian, one, two, [Symbol.dispose]: remove };
}

describe("StatedCustodian", () => {
  it("writes with the version that was decided, from the moment it was", async () => {
    using at = stated();
    await at.custodian.start();
    assert.deepEqual(at.custodian.activeKey, at.one);
    at.states.decide("rotated", at.two);
    assert.deepEqual(at.custodian.activeKey, at.two);
    assert.deepEqual(
      at.custodian.states().map(({ state }) => state),
      ["readable", "active"],
    );
  });

  it("lets policies choose what the configuration lets them, and the decided version of the active key", async () => {
    using at = stated();
    const [tenant, rsa] = [{ ...at.two, keyId: "tenant" }, { provider: "rsa" }] as const;
    Object.assign(at.inner, {
      readableKeys: [at.one, at.two, tenant],
      policyKeys: [at.two, tenant],
      keyFor: ({ keyId }: { keyId?: string }) => (keyId === "tenant" ? tenant : undefined),
    });
    assert.deepEqual(at.custodian.keyFor({ provider: "aes" }), at.one);
    assert.deepEqual(at.custodian.keyFor({ provider: "aes", keyId: "tenant" }), tenant);
    assert.equal(at.custodian.keyFor(rsa), undefined);
    at.states.decide("rotated", at.two);
    assert.deepEqual(at.custodian.keyFor({ provider: "aes" }), at.two);
    const states = () => at.custodian.states().map(({ state }) => state);
    assert.deepEqual(states(), ["readable", "active", "by-policy"]);
    at.states.decide("retired", tenant);
    assert.deepEqual(states(), ["readable", "active", "retired"]);
    await assert.rejects(at.custodian.wrap(Buffer.alloc(65), { key: tenant, binding }), {
      code: "keys.unknown-key",
    });
  });

  it("refuses a retired version without asking the key store", async () => {
    using at = stated(2);
    const use = { key: at.one, binding };
    const wrapped = await at.custodian.wrap(Buffer.alloc(65, 1), use);
    assert.equal((await at.custodian.unwrap(wrapped, use)).byteLength, 65);
    at.states.decide("retired", at.one);
    at.inner.calls = 0;
    await assert.rejects(at.custodian.unwrap(wrapped, use), { code: "keys.unknown-key" });
    await assert.rejects(at.custodian.wrap(wrapped, use), { code: "keys.unknown-key" });
    assert.equal(at.custodian.keyNamed(at.one), undefined);
    assert.deepEqual(at.custodian.readableKeys, [at.two]);
    assert.equal(at.inner.calls, 0);
    at.states.decide("restored", at.one);
    assert.equal((await at.custodian.unwrap(wrapped, use)).byteLength, 65);
  });

  it("does not start where the version that is to write is retired or gone", async () => {
    using retired = stated();
    retired.states.decide("retired", retired.one);
    await assert.rejects(retired.custodian.start(), { code: "config.invalid", message: /retired/ });
    using gone = stated();
    gone.states.decide("rotated", { ...gone.one, keyVersion: 9 });
    await assert.rejects(gone.custodian.start(), { code: "config.invalid", message: /not conf/ });
  });

  it("proves the version that was decided, and no other: the former one may be destroyed", async () => {
    using at = stated();
    const asked: unknown[] = [];
    Object.assign(at.inner, {
      start: async (writes: () => unknown) => void asked.push(await Promise.resolve(writes())),
      check: async (writes: unknown) => void asked.push(await Promise.resolve(writes)),
    });
    at.states.decide("rotated", at.two);
    await at.custodian.start();
    await at.custodian.check();
    assert.deepEqual(asked, [at.two, at.two]);
  });

  it("leaves the choice to the configuration once that writes with another key store", () => {
    using at = stated();
    at.states.decide("rotated", { ...keyOf(2), provider: "transit" });
    assert.deepEqual(at.custodian.activeKey, at.one);
  });

  it("passes on what is no decision", async () => {
    using at = stated();
    assert.equal(at.custodian.checkValue(at.one), at.inner.checkValue(at.one));
    at.inner.failure = new Error("away");
    await assert.rejects(at.custodian.check(), /away/);
    await at.custodian[Symbol.asyncDispose]();
  });
});
