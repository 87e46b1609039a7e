import assert from "node:assert/strict";
import { it } from "node:test";
import { sealExisting } from "../../src/commands/in-place.ts";
import { verify } from "../../src/commands/verify.ts";
import { COMPLETE } from "../environment.ts";
import { storedPlain } from "./stored-plain.ts";

it("s3eg verify opens what is sealed, and fails over what policy does not let be read", async () => {
  await using store = await storedPlain();
  const quiet = { progress: () => undefined };
  const failure = { exitCode: 1, message: "box: 1 failed\n  1 failed: crypto.not-sealed" };
  await assert.rejects(verify(["box"], store.env, quiet), failure);
  await sealExisting(["box"], store.env, quiet);
  assert.equal(await verify(["box"], store.env, quiet), "box: 1 opened\n");
  await assert.rejects(verify([], COMPLETE), { code: "input.invalid", message: /usage/ });
});
