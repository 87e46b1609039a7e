import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { VersionStates } from "../../src/rotation/version-states.ts";

const keyOf = (keyVersion: number) => ({ provider: "aes", keyId: "aes", keyVersion }) as const;

function scratch() {
  const root = mkdtempSync(join(tmpdir(), "s3eg-versions-"));
  const remove = () => rmSync(root, { recursive: true, force: true });
  return { folder: join(root, "versions"), [Symbol.dispose]: remove };
}

describe("VersionStates", () => {
  it("keeps decisions, and sees those of other processes at the next question", () => {
    using at = scratch();
    const mine = new VersionStates(at.folder);
    const theirs = new VersionStates(at.folder);
    assert.equal(mine.current(), undefined);
    theirs.decide("rotated", keyOf(2));
    assert.deepEqual(mine.current()?.active, keyOf(2));
    mine.decide("retired", keyOf(1));
    assert.equal(theirs.isRetired(keyOf(1)), true);
    assert.deepEqual(theirs.current()?.active, keyOf(2));
    theirs.decide("restored", keyOf(1));
    assert.equal(mine.isRetired(keyOf(1)), false);
    assert.equal(new VersionStates(at.folder).revision, 3);
    assert.deepEqual(readdirSync(at.folder).toSorted(), ["1.json", "2.json", "3.json"]);
  });

  it("takes nothing for a decision that is none", () => {
    using at = scratch();
    const states = new VersionStates(at.folder);
    states.decide("rotated", keyOf(2));
    for (const text of ["{", '{"retired":[]}', '{"retired":"all"}']) {
      writeFileSync(join(at.folder, "2.json"), text);
      assert.throws(() => states.isRetired(keyOf(1)), { code: "config.invalid" });
    }
  });

  it("says where it can't keep a decision", () => {
    using at = scratch();
    writeFileSync(at.folder, "a file");
    const states = new VersionStates(at.folder);
    assert.throws(() => states.decide("rotated", keyOf(2)), { code: "config.invalid" });
  });
});
