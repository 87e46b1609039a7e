import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { SealedState } from "../../src/multipart-state/sealed-state.ts";
import { SqliteStore } from "../../src/multipart-state/sqlite-store.ts";
import type { StoreLimits } from "../../src/multipart-state/state-store.ts";
import { freshFolder } from "./fresh-folder.ts";
import { anAttempt, anUpload, GENEROUS, stateContract, testSeal } from "./state-contract.ts";

const openAt = (folder: string, limits: StoreLimits = GENEROUS) =>
  new SealedState(new SqliteStore({ folder, limits, now: Date.now }), testSeal);

stateContract("SqliteStore", async (limits) => {
  let nowMs = 1_700_000_000_000;
  const store = new SqliteStore({ folder: freshFolder(), limits, now: () => nowMs });
  return {
    store,
    async passMs(ms) {
      nowMs += ms;
    },
  };
});

describe("SqliteStore", () => {
  it("still knows everything when it is opened again, also by two processes at once", async () => {
    const folder = freshFolder();
    {
      await using state = openAt(folder);
      await state.create(anUpload());
      await state.addAttempt(anUpload(), anAttempt(1), Buffer.from("parked"));
    }
    await using one = openAt(folder);
    await using two = openAt(folder);
    await one.addAttempt(anUpload(), anAttempt(2));
    await two.addAttempt(anUpload(), anAttempt(3));
    assert.deepEqual(
      (await one.attempts(anUpload())).map(({ sequence }) => sequence),
      [1, 2, 3],
    );
    assert.equal(String(await two.parked(anUpload(), anAttempt(1))), "parked");
  });

  it("keeps its file from other users, and names and bytes out of it", async () => {
    const folder = freshFolder();
    await using state = openAt(folder);
    await state.create(anUpload("upload-1", "secret-key-name"));
    const parked = Buffer.from("ciphertext of a small part");
    await state.addAttempt(anUpload("upload-1", "secret-key-name"), anAttempt(1), parked);
    for (const end of ["", "-wal"]) {
      const file = join(folder, `multipart-state.sqlite${end}`);
      assert.equal(statSync(file).mode & 0o077, 0, end);
      const text = readFileSync(file, "latin1");
      assert.equal(text.includes("secret-key-name"), false, end);
      assert.equal(text.includes("ciphertext of"), false, end);
    }
    assert.equal(statSync(folder).mode & 0o077, 0);
  });
});
