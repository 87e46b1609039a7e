import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { doctor } from "../../src/commands/doctor.ts";
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

  it("refuses settings that are no settings before anything is tried", async () => {
    const { KEK: _, ...env } = COMPLETE;
    await assert.rejects(doctor(["edge"], { ...env, KEY_MANAGER_ENABLED: "x" }), (error) => {
      return exitCodeOf(error) === 78;
    });
  });
});
