import assert from "node:assert/strict";
import { it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { ModuleHost } from "../../../src/custody/pkcs11/module-host.ts";

it("refuses what is no PKCS#11 module, or any where the library for them is not built", async () => {
  const place = () => ({ slot: 1, pin: "1" });
  const parts = { module: import.meta.filename, place, timeoutMs: 60_000, env: {} };
  await using host = new ModuleHost(parts);
  await assert.rejects(host.launch(), (error) => {
    assert.ok(isFault(error, "config.invalid"));
    assert.match(error.message, /key_manager\.pkcs11.*(?:as a PKCS#11 module|package pkcs11js)/);
    return true;
  });
});
