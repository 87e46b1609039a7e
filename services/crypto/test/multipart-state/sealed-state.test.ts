import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, it } from "node:test";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { createStateSeal, type StateSeal } from "@s3eg/shared/sealing/state-seal.ts";
import { SealedState } from "../../src/multipart-state/sealed-state.ts";
import { SqliteStore } from "../../src/multipart-state/sqlite-store.ts";
import { anAttempt, anUpload, faultOf, GENEROUS, listed, testSeal } from "./state-contract.ts";

const folder = mkdtempSync(join(tmpdir(), "s3eg-sealed-"));
let state: SealedState;
/** What somebody may do who can write to the store. */
let intruder: DatabaseSync;

const open = (seal: StateSeal) =>
  new SealedState(new SqliteStore({ folder, limits: GENEROUS, now: Date.now }), seal);
const isTampered = faultOf("crypto.integrity");

before(() => {
  state = open(testSeal);
  intruder = new DatabaseSync(join(folder, "multipart-state.sqlite"));
});
after(async () => {
  intruder.close();
  await state[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** An upload with two parked parts. */
async function fill(uploadId: string) {
  const upload = anUpload(uploadId);
  await state.create(upload);
  for (const part of [1, 2]) {
    await state.addAttempt(upload, anAttempt(part), Buffer.from(`parked ${part} of ${uploadId}`));
  }
  return upload;
}

describe("SealedState", () => {
  it("refuses the record of another upload", async () => {
    const [upload] = [await fill("record"), await fill("record-of-another")];
    intruder.exec(`UPDATE uploads SET record = (SELECT record FROM uploads WHERE upload_id = 'record-of-another')
      WHERE upload_id = 'record'`);
    await assert.rejects(state.find(upload), isTampered);
    await assert.rejects(listed(state), isTampered);
    await state.remove(upload);
  });

  it("refuses an attempt or parked bytes that belong to another part, or another place", async () => {
    const upload = await fill("moved");
    const elsewhere = { ...upload, key: "elsewhere" };
    await assert.rejects(state.attempts(elsewhere), isTampered);
    await assert.rejects(state.parked(elsewhere, anAttempt(1)), isTampered);
    for (const [table, column] of [
      ["attempts", "value"],
      ["parked", "ciphertext"],
    ]) {
      intruder.exec(`UPDATE ${table} SET ${column} =
        (SELECT ${column} FROM ${table} WHERE upload_id = 'moved' AND part_number = 1)
        WHERE upload_id = 'moved' AND part_number = 2`);
    }
    await assert.rejects(state.attempts(upload), isTampered);
    await assert.rejects(state.parked(upload, anAttempt(2)), isTampered);
    assert.ok(await state.parked(upload, anAttempt(1)));
  });

  it("refuses a changed byte, and a value in the clear", async () => {
    const upload = await fill("changed");
    await state.complete(anUpload("completed"), "result");
    for (const [table, column] of [
      ["uploads", "record"],
      ["parked", "ciphertext"],
      ["results", "value"],
    ]) {
      intruder.exec(`UPDATE ${table} SET ${column} =
        CAST(substr(${column}, 1, length(${column}) - 1) || x'00' AS BLOB)
        WHERE upload_id IN ('changed', 'completed')`);
    }
    await assert.rejects(state.find(upload), isTampered);
    await assert.rejects(state.parked(upload, anAttempt(1)), isTampered);
    await assert.rejects(state.completedResult(anUpload("completed")), isTampered);
    intruder.exec("UPDATE attempts SET value = x'007b7d' WHERE upload_id = 'changed'");
    await assert.rejects(state.attempts(upload), isTampered);
  });

  it("refuses what another state key sealed", async () => {
    const upload = await fill("other-key");
    const stateKey = new Secret(new Uint8Array(32).fill(2));
    await using other = open(createStateSeal(stateKey, { encrypts: true, acceptsClear: true }));
    await assert.rejects(other.find(upload), isTampered);
  });

  it("writes in the clear where it is told to, and reads it later only where it is told to", async () => {
    const stateKey = new Secret(new Uint8Array(32).fill(1));
    const seals = { acceptsClear: false, encrypts: false };
    await using clear = open(createStateSeal(stateKey, seals));
    const upload = anUpload("clear");
    await clear.create(upload);
    const row = intruder.prepare("SELECT record FROM uploads WHERE upload_id = 'clear'").get();
    assert.ok(Buffer.from(row?.record as Uint8Array).includes("bound-bucket"));
    await using lenient = open(createStateSeal(stateKey, { encrypts: true, acceptsClear: true }));
    for (const reader of [clear, lenient]) assert.deepEqual(await reader.find(upload), upload);
    await assert.rejects(state.find(upload), isTampered);
    assert.ok(await clear.find(await fill("sealed")));
  });
});
