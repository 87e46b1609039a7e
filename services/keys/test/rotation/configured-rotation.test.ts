import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import type { KeyRef } from "../../src/custody/custodian.ts";
import {
  changeVersion,
  openRotation,
  versionNumbered,
} from "../../src/rotation/configured-rotation.ts";
import { CountingCustodian } from "../counting-custodian.ts";

function scratch() {
  const folder = mkdtempSync(join(tmpdir(), "s3eg-rotation-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  return { ...openRotation(new CountingCustodian([1, 2], 1), folder), [Symbol.dispose]: remove };
}

describe("changing key versions", () => {
  it("rotates, retires and restores", async () => {
    using rotation = scratch();
    await changeVersion(rotation, "rotated", 2);
    assert.equal(rotation.custodian.activeKey.keyVersion, 2);
    await changeVersion(rotation, "retired", 1);
    assert.equal(rotation.custodian.readableKeys.length, 1);
    await changeVersion(rotation, "restored", 1);
    assert.equal(rotation.custodian.readableKeys.length, 2);
  });

  it("refuses what would leave data keys without a version, and what is not there", async () => {
    using rotation = scratch();
    const refused = (action: "rotated" | "retired" | "restored", version: number, why: RegExp) =>
      assert.rejects(changeVersion(rotation, action, version), {
        code: "input.invalid",
        message: why,
      });
    await refused("retired", 1, /rotate first/);
    await refused("rotated", 3, /no configured key/);
    await refused("restored", 2, /not retired/);
    await changeVersion(rotation, "retired", 2);
    await refused("rotated", 2, /restore it first/);
    assert.equal(rotation.states.revision, 1);
  });

  it("makes of two changes in the same moment only one", async () => {
    using rotation = scratch();
    const [rotated, retired] = await Promise.allSettled([
      changeVersion(rotation, "rotated", 2),
      changeVersion(rotation, "retired", 2),
    ]);
    assert.equal(rotated.status, "fulfilled");
    assert.ok(retired.status === "rejected" && isFault(retired.reason, "backend.changed"));
    assert.ok(rotation.custodian.keyNamed(rotation.custodian.activeKey));
  });

  it("retires no version that wraps where a policy says so", async () => {
    const custodian = new CountingCustodian([1, 2], 1);
    const rsa: KeyRef = { provider: "rsa", keyId: "rsa", keyVersion: 7 };
    const readableKeys = [...custodian.readableKeys, rsa];
    Object.assign(custodian, { readableKeys, policyKeys: [rsa] });
    const folder = mkdtempSync(join(tmpdir(), "s3eg-rotation-"));
    const rotation = openRotation(custodian, folder);
    await assert.rejects(changeVersion(rotation, "retired", 7), {
      code: "input.invalid",
      message: /policy_keys first/,
    });
    rmSync(folder, { recursive: true });
  });

  it("refuses a number that several keys have, as keys of AWS KMS all do", async () => {
    class TwoKeys extends CountingCustodian {
      override readonly readableKeys = ["one", "other"].map(
        (keyId): KeyRef => ({ provider: "aws-kms", keyId, keyVersion: 0 }),
      );
      override readonly activeKey: KeyRef = {
        provider: "aws-kms",
        keyId: "one",
        keyVersion: 0,
      };
    }
    const folder = mkdtempSync(join(tmpdir(), "s3eg-rotation-"));
    const rotation = openRotation(new TwoKeys(), folder);
    for (const action of ["rotated", "retired", "restored"] as const) {
      await assert.rejects(changeVersion(rotation, action, 0), {
        code: "input.invalid",
        message: /several configured keys/,
      });
    }
    rmSync(folder, { recursive: true });
  });

  it("does not cross a rotation by steps that is under way", async () => {
    using rotation = scratch();
    const [from, target] = [1, 2].map((n) => versionNumbered(rotation.custodian, n).key);
    assert.ok(from && target);
    const record = { id: "rot-1", from, target, startedAt: new Date().toISOString() };
    const { provider, keyId, keyVersion } = target;
    const step = { ...record, from: { ...from }, target: { provider, keyId, keyVersion } };
    await rotation.decide(
      { ...{ action: "started", key: target }, rotation: { ...step, phase: "draining" } },
      0,
    );
    for (const action of ["rotated", "retired"] as const) {
      await assert.rejects(changeVersion(rotation, action, 2), {
        code: "input.invalid",
        message: /rotation rot-1 to version 2 is under way/,
      });
    }
    await rotation.decide(
      { ...{ action: "aborted", key: target }, rotation: { ...step, phase: "aborted" } },
      1,
    );
    await changeVersion(rotation, "rotated", 2);
    assert.equal(rotation.custodian.activeKey.keyVersion, 2);
  });
});
