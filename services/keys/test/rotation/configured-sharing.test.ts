import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { changeVersion } from "../../src/rotation/configured-rotation.ts";
import { openSharedRotation } from "../../src/rotation/configured-sharing.ts";
import { rotationSteps } from "../../src/rotation/rotation-steps.ts";
import { CountingCustodian } from "../counting-custodian.ts";
import { silentLog } from "../silent-log.ts";
import { MemoryKeptValue } from "./memory-kept-value.ts";

describe("openSharedRotation", () => {
  it("puts custodians of several replicas under the same decisions and rotations", async () => {
    const root = mkdtempSync(join(tmpdir(), "s3eg-sharing-"));
    const value = new MemoryKeptValue();
    const secret = new Secret(Buffer.alloc(32, 1));
    const open = (name: string) =>
      openSharedRotation(new CountingCustodian([1, 2, 3], 1), {
        ...{ folder: join(root, name), log: silentLog },
        place: { value, name: "here", secret },
        signal: new AbortController().signal,
      });
    {
      await using a = await open("a");
      await using b = await open("b");
      await changeVersion(a, "retired", 3);
      await assert.rejects(changeVersion(b, "rotated", 3), { message: /retired/ });
      const [stepsOfA, stepsOfB] = [rotationSteps(a, 1), rotationSteps(b, 1)];
      await stepsOfA.start({});
      await stepsOfB.commit({ force: false });
      await a.refresh();
      assert.equal(a.custodian.activeKey.keyVersion, 2);
      assert.equal(b.custodian.activeKey.keyVersion, 2);
      await b.check();
    }
    rmSync(root, { recursive: true });
  });
});
