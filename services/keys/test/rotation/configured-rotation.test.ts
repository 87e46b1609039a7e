import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { type KeyVersionChanged, keyVersionChanged } from "@s3eg/shared/contracts/audit.ts";
import type { KeyRef } from "../../src/custody/custodian.ts";
import {
  announceDecisions,
  changeVersion,
  openRotation,
} from "../../src/rotation/configured-rotation.ts";
import { CountingCustodian } from "../counting-custodian.ts";
import { silentLog } from "../silent-log.ts";

function scratch() {
  const folder = mkdtempSync(join(tmpdir(), "s3eg-rotation-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  return { ...openRotation(new CountingCustodian([1, 2], 1), folder), [Symbol.dispose]: remove };
}

describe("changing key versions", () => {
  it("rotates, retires and restores", () => {
    using rotation = scratch();
    changeVersion(rotation, "rotated", 2);
    assert.equal(rotation.custodian.activeKey.keyVersion, 2);
    changeVersion(rotation, "retired", 1);
    assert.equal(rotation.custodian.readableKeys.length, 1);
    changeVersion(rotation, "restored", 1);
    assert.equal(rotation.custodian.readableKeys.length, 2);
  });

  it("refuses what would leave data keys without a version, and what is not there", () => {
    using rotation = scratch();
    const refused = (action: "rotated" | "retired" | "restored", version: number, why: RegExp) =>
      assert.throws(() => changeVersion(rotation, action, version), {
        code: "input.invalid",
        message: why,
      });
    refused("retired", 1, /rotate first/);
    refused("rotated", 3, /no configured key/);
    refused("restored", 2, /not retired/);
    changeVersion(rotation, "retired", 2);
    refused("rotated", 2, /restore it first/);
    assert.equal(rotation.states.revision, 1);
  });

  it("refuses a number that several keys have, as keys of AWS KMS all do", () => {
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
      assert.throws(() => changeVersion(rotation, action, 0), {
        code: "input.invalid",
        message: /several configured keys/,
      });
    }
    rmSync(folder, { recursive: true });
  });

  it("announces what was decided since the start, once", async (context) => {
    using rotation = scratch();
    changeVersion(rotation, "rotated", 2);
    const bus = new MemoryBus({ log: silentLog });
    const heard: KeyVersionChanged[] = [];
    bus.subscribe(keyVersionChanged, (fact) => void heard.push(fact));
    context.mock.timers.enable({ apis: ["setInterval"] });
    using _ = announceDecisions(rotation.states, { bus, log: silentLog });
    changeVersion(rotation, "retired", 1);
    for (let seconds = 0; seconds < 3; seconds += 1) {
      context.mock.timers.tick(1000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.deepEqual(
      heard.map(({ action, keyVersion }) => [action, keyVersion]),
      [["retired", 1]],
    );
  });
});
