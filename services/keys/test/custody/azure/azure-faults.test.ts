import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import { azureFault } from "../../../src/custody/azure/azure-faults.ts";

const rest = (statusCode: number | undefined, code: string) =>
  Object.assign(new Error("quotes c2VjcmV0"), { name: "RestError", statusCode, code });
const login = (statusCode: number) =>
  Object.assign(new Error("quotes c2VjcmV0"), { name: "AuthenticationError", statusCode });

describe("azureFault", () => {
  for (const [what, error, code] of [
    ["400 of a vault", rest(400, "BadParameter"), "crypto.integrity"],
    ["401", rest(401, "Unauthorized"), "keys.denied"],
    ["403", rest(403, "Forbidden"), "keys.denied"],
    ["404", rest(404, "KeyNotFound"), "keys.denied"],
    ["408", rest(408, "RequestTimeout"), "keys.unavailable"],
    ["429", rest(429, "Throttled"), "keys.unavailable"],
    ["500", rest(500, "InternalError"), "keys.unavailable"],
    ["503", rest(503, "ServiceUnavailable"), "keys.unavailable"],
    ["a connection that fails", rest(undefined, "ECONNREFUSED"), "keys.unavailable"],
    ["a code that quotes", rest(403, "c2VjcmV0 and more"), "keys.denied"],
    ["a login that is refused", login(400), "keys.denied"],
    ["a login that is throttled", login(429), "keys.unavailable"],
    ["no login", new Error("c2VjcmV0"), "keys.unavailable"],
    ["what is no error", "c2VjcmV0", "keys.unavailable"],
  ] as const) {
    it(`takes ${what} for ${code}, and does not repeat what it says`, () => {
      const fault = azureFault(error);
      assert.equal(fault.code, code);
      assert.ok(!`${fault.message} ${String(fault.cause)}`.includes("c2VjcmV0"));
    });
  }

  it("leaves a fault as it is", () => {
    const fault = new Fault("keys.unknown-key", "none");
    assert.equal(azureFault(fault), fault);
  });
});
