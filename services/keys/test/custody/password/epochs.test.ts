import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { KdfWork } from "@s3eg/shared/contracts/keys.ts";
import { currentEpoch, EPOCH_MS, isOver } from "../../../src/custody/password/epochs.ts";
import { parametersOf } from "../../../src/custody/password/kdf.ts";
import { is } from "../../issued-header.ts";

const work: KdfWork = { algorithm: "pbkdf2-sha256", iterations: 600_000 };
const NOW = 1_800_000_000_000;

describe("currentEpoch", () => {
  let parent: string;
  let folder: string;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), "epochs-"));
    folder = join(parent, "keys");
  });
  afterEach(() => rm(parent, { recursive: true }));
  const current = (change: { work?: KdfWork; keyVersion?: number } = {}, nowMs = NOW) =>
    currentEpoch({ folder, work, keyVersion: 1, ...change }, nowMs);

  it("is kept, readable by its owner alone", async () => {
    const epoch = await current();
    assert.deepEqual(parametersOf(epoch.keyId)?.work, work);
    assert.deepEqual(await current(), epoch);
    const names = await readdir(folder);
    assert.equal(names.length, 1);
    assert.equal((await stat(join(folder, names[0] ?? ""))).mode & 0o777, 0o600);
  });

  it("is a new one for another password, other work, and after 30 days", async () => {
    const seen = new Set<string>();
    seen.add((await current()).keyId);
    seen.add((await current({ keyVersion: 2 })).keyId);
    const more: KdfWork = { algorithm: "pbkdf2-sha256", iterations: 700_000 };
    seen.add((await current({ keyVersion: 2, work: more })).keyId);
    const late = { keyVersion: 2, work: more };
    seen.add((await current(late, NOW + EPOCH_MS)).keyId);
    assert.equal(seen.size, 4);
    seen.add((await current(late, NOW + 2 * EPOCH_MS - 1)).keyId);
    assert.equal(seen.size, 4);
  });

  it("is a new one where the record can't be read or is of the future", async () => {
    const { keyId } = await current({}, NOW + 1);
    assert.notEqual((await current()).keyId, keyId);
    for (const damaged of ["", "{}", '{"keyId":1}']) {
      await writeFile(join(folder, "password-epoch.json"), damaged);
      assert.notEqual((await current()).keyId, keyId);
    }
  });

  it("is refused where it can't be kept", async () => {
    await writeFile(folder, "a file");
    await assert.rejects(current(), is("config.invalid"));
  });
});

describe("isOver", () => {
  it("is after 30 days, and never for a clock that was wrong", () => {
    const epoch = { provider: "password", keyId: "", keyVersion: 1, createdAtMs: NOW } as const;
    assert.ok(!isOver(epoch, NOW + EPOCH_MS - 1));
    assert.ok(isOver(epoch, NOW + EPOCH_MS));
    assert.ok(isOver(epoch, NOW - 1));
  });
});
