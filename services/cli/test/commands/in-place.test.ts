import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sealExisting, unseal } from "../../src/commands/in-place.ts";
import { COMPLETE } from "../environment.ts";
import { storedPlain } from "./stored-plain.ts";

const quiet = { progress: () => undefined };

describe("s3eg seal-existing", () => {
  it("looks, seals, and finds nothing more to do", async () => {
    await using store = await storedPlain();
    assert.equal(await sealExisting(["--dry-run", "box"], store.env, quiet), "box: 1 waiting\n");
    assert.equal(await sealExisting(["box"], store.env, quiet), "box: 1 sealed\n");
    assert.equal(await sealExisting(["box"], store.env, quiet), "box: 1 current\n");
  });

  it("refuses a wrong command line", async () => {
    for (const args of [[], ["--confirm", "box"], ["--all", "box"]]) {
      await assert.rejects(sealExisting(args, COMPLETE), { code: "input.invalid" });
    }
  });
});

describe("s3eg unseal", () => {
  it("does nothing that is not confirmed, and nothing against the policy", async () => {
    await assert.rejects(unseal(["box"], COMPLETE), {
      code: "input.invalid",
      message: /--confirm/,
    });
    await using store = await storedPlain();
    await assert.rejects(unseal(["--confirm", "box"], store.env, quiet), /nobody could read/);
  });
});
