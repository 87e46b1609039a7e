import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { AesCustodian } from "../../src/custody/aes-custodian.ts";
import { Custodians } from "../../src/custody/custodians.ts";
import { configuredLegacy } from "../../src/legacy/configured-legacy.ts";
import { legacyDataKeys } from "../../src/legacy/legacy-keys.ts";
import { openRotation } from "../../src/rotation/configured-rotation.ts";
import { load } from "../config/read-settings.ts";
import { kekOf } from "../counting-custodian.ts";
import { is } from "../issued-header.ts";
import { silentLog as log } from "../silent-log.ts";
import {
  AES_WRAPPED,
  DATA_KEY,
  KEK,
  MEMORY_WRAPPED,
  PASSWORD,
  PASSWORD_ENVELOPES,
} from "./known-answers.ts";

const folder = mkdtempSync(join(tmpdir(), "configured-legacy-"));
after(() => rmSync(folder, { recursive: true }));
const active = new AesCustodian({ versions: new Map([[1, kekOf(1)]]), activeVersion: 1 });
const custodians = new Custodians(active, { readers: [], log });

const read = async (settings: Record<string, string>, env = {}) =>
  await configuredLegacy(
    { config: load(settings), env, folder, log },
    { custodians, acceptsForgeable: false },
  );

describe("configuredLegacy", () => {
  it("has the passwords, the present and the former ones", async () => {
    const { passwords } = await read(
      {
        ENCRYPTION_PASSWORD: "a password since then",
        ENCRYPTION_PASSWORD_VERSION: "2",
        ENCRYPTION_FORMER_PASSWORDS: "1=env:OLD",
      },
      { OLD: PASSWORD },
    );
    const envelope = Buffer.from(PASSWORD_ENVELOPES.first, "base64");
    assert.deepEqual(Buffer.from(await passwords.unwrap(envelope)), DATA_KEY);
  });

  it("has the memory key from a variable, a file, or the setting itself", async () => {
    const hex = KEK.toString("hex");
    const file = join(folder, "master");
    writeFileSync(file, `${hex}\n`);
    for (const source of ["env:MASTER", `file:${file}`, hex]) {
      const { memory } = await read({ MEMORY_KM_MASTER_KEY_SOURCE: source }, { MASTER: hex });
      assert.ok(memory);
      assert.deepEqual(Buffer.from(memory.unwrap(MEMORY_WRAPPED)), DATA_KEY, source);
    }
  });

  it("has neither where neither is set, and passes on what it was told", async () => {
    const legacy = await read({});
    assert.equal(legacy.memory, undefined);
    assert.equal(legacy.acceptsForgeable, false);
    assert.equal(legacy.custodians, custodians);
    const envelope = Buffer.from(PASSWORD_ENVELOPES.first, "base64");
    await assert.rejects(legacy.passwords.unwrap(envelope), is("keys.unknown-key"));
  });

  it("opens nothing under a version that was retired, from the decision on", async () => {
    const data = mkdtempSync(join(folder, "keys-"));
    const versions = new Map([
      [1, kekOf(1)],
      [7, new Secret<Uint8Array>(KEK)],
    ]);
    const aes = new AesCustodian({ versions, activeVersion: 1 });
    const held = new Custodians(aes, { readers: [], log });
    const named = { ...aes.activeKey, keyVersion: 7 };
    const custody = { config: load({}), env: {}, folder: data, log };
    const legacy = await configuredLegacy(custody, { custodians: held, acceptsForgeable: false });
    const source = { kind: "wrapped", provider: "self_contained", ...AES_WRAPPED } as const;
    const { states } = openRotation(held, data);
    assert.deepEqual(await legacyDataKeys(legacy, source), [DATA_KEY]);
    states.decide("retired", named);
    await assert.rejects(legacyDataKeys(legacy, source), is("keys.unknown-key"));
    states.decide("restored", named);
    assert.deepEqual(await legacyDataKeys(legacy, source), [DATA_KEY]);
  });

  it("refuses a source that can't be read", async () => {
    for (const settings of [
      { MEMORY_KM_MASTER_KEY_SOURCE: "env:NOWHERE" },
      { MEMORY_KM_MASTER_KEY_SOURCE: "file:/nowhere/key" },
      { MEMORY_KM_MASTER_KEY_SOURCE: "too short" },
      { ENCRYPTION_PASSWORD: "short" },
    ]) {
      await assert.rejects(read(settings), is("config.invalid"), JSON.stringify(settings));
    }
  });
});
