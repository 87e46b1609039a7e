import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { doctor } from "../../src/commands/doctor.ts";
import { keys } from "../../src/commands/keys.ts";
import type { Env } from "../../src/gateway-config.ts";
import { exitCodeOf } from "../../src/tool-arguments.ts";
import { COMPLETE, scratchFolder } from "../environment.ts";
import { BOX, sealedStore } from "./sealed-store.ts";

describe("s3eg doctor", () => {
  it("finds a gateway well whose backend, key store and state answer", async () => {
    await using scratch = await scratchFolder();
    await using store = await sealedStore(scratch.folder);
    const text = await doctor(["--bucket", BOX], store.env);
    for (const line of [
      /^ok +configuration /m,
      /^ok +backend +answers, and takes the credentials$/m,
      /^ok +clock /m,
      /^ok +key store +aes version 1 wraps, 1 can be read with$/m,
      /^ok +upload state +answers$/m,
      /^not tried +broker /m,
    ]) {
      assert.match(text, line);
    }
    assert.equal(text.match(/^ok +capability /gm)?.length, 5, text);
  });

  it("exits 1 with every finding where something is not well", async () => {
    await using scratch = await scratchFolder();
    const env = { ...COMPLETE, DATA_DIR: scratch.folder, BACKEND_RETRY_MODE: "off" };
    await assert.rejects(doctor([], env), (error) => {
      assert.ok(error instanceof Error);
      assert.equal(exitCodeOf(error), 1);
      assert.match(error.message, /^FAIL +backend /m);
      assert.match(error.message, /^ok +key store /m);
      return true;
    });
  });

  it("looks at the key store as keys does: under its decisions, with its folder", async () => {
    await using scratch = await scratchFolder();
    const password = { ENCRYPTION_PASSWORD: "correct horse battery" };
    const env: Env = { ...COMPLETE, DATA_DIR: scratch.folder, BACKEND_RETRY_MODE: "off" };
    const { KEY_MANAGER_ENABLED: _1, SELF_CONTAINED_AES_KEYS: _2, ...unkeyed } = env;
    await assert.rejects(doctor([], { ...unkeyed, ...password }), /^ok +key store +password /m);
    assert.ok(existsSync(join(scratch.folder, "keys", "password-epoch.json")));
    assert.ok(!existsSync(join(scratch.folder, "password-epoch.json")));
    const two = { SELF_CONTAINED_AES_KEYS: "1=env:KEK,2=env:KEK2" };
    const both = { ...env, ...two, KEK2: Buffer.alloc(32, 2).toString("base64") };
    await keys(["rotate", "1"], both);
    await assert.rejects(
      doctor([], both),
      /^ok +key store +aes version 1 wraps, 2 can be read with$/m,
    );
  });

  it("refuses settings that are no settings before anything is tried", async () => {
    const { KEK: _, ...env } = COMPLETE;
    await assert.rejects(doctor(["edge"], { ...env, KEY_MANAGER_ENABLED: "x" }), (error) => {
      return exitCodeOf(error) === 78;
    });
  });
});
