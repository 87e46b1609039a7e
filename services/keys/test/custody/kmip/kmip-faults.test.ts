import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isNotGenuine, isVague, refusalFault } from "../../../src/custody/kmip/kmip-faults.ts";
import { ENUMERATIONS } from "../../../src/kmip/tags.ts";

const { ResultReason } = ENUMERATIONS;

describe("the no of a KMIP server", () => {
  it("is for good where asking again changes nothing", () => {
    for (const name of ["ItemNotFound", "PermissionDenied", "WrongKeyLifecycleState"] as const) {
      const fault = refusalFault({ reason: ResultReason[name], said: "secret words" });
      assert.equal(fault.code, "keys.denied");
      assert.match(fault.message, new RegExp(name));
      assert.ok(!fault.message.includes("secret"));
      assert.match(String(fault.cause), /secret words/);
    }
  });

  it("is weather where the server does not know better, or we don't", () => {
    for (const reason of [ResultReason.GeneralFailure, ResultReason.OperationNotSupported, 0, 99]) {
      assert.equal(refusalFault({ reason, said: "" }).code, "keys.unavailable");
    }
  });

  it("is a word about what was wrapped in one case, and may be in another", () => {
    const failure = { reason: ResultReason.CryptographicFailure, said: "" };
    const general = { reason: ResultReason.GeneralFailure, said: "" };
    assert.deepEqual([isNotGenuine(failure), isVague(failure)], [true, false]);
    assert.deepEqual([isNotGenuine(general), isVague(general)], [false, true]);
  });
});
