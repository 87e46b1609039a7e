import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  credentialsFile,
  listVariable,
  numberedVariables,
  requiredVariable,
} from "../../src/auth/credential-sources.ts";

describe("numberedVariables", () => {
  it("finds every number of either kind, by number, whichever variable has it", () => {
    const env = {
      GW_CRED_10_BUCKETS: "a",
      GW_CRED_2_ACCESS_KEY: "A",
      GW_CRED_2_SECRET_KEY: "a",
      GW_BACKEND_SECRET_KEY_1: "b",
      GW_CRED_3_ACCESS_KEY: "",
      GW_CRED_X_ACCESS_KEY: "no number",
      GW_CRED_4_ACCESS_KEY_FILE: "another variable",
    };
    assert.deepEqual(
      numberedVariables(env).map(({ n, names }) => [n, names.accessKey]),
      [
        ["2", "GW_CRED_2_ACCESS_KEY"],
        ["10", "GW_CRED_10_ACCESS_KEY"],
        ["1", "GW_ACCESS_KEY_1"],
      ],
    );
  });
});

describe("single variables", () => {
  it("are required by name", () => {
    assert.equal(requiredVariable({ A: "a" }, "A"), "a");
    assert.throws(() => requiredVariable({ A: "" }, "A"), /A is not set/);
  });

  it("may be lists", () => {
    assert.deepEqual(listVariable("a, b ,,c"), ["a", "b", "c"]);
    assert.deepEqual(listVariable(" , "), []);
    assert.equal(listVariable(""), undefined);
    assert.equal(listVariable(undefined), undefined);
  });
});

describe("credentialsFile", () => {
  it("is empty where none is named, and said to be missing where it is", () => {
    assert.deepEqual(credentialsFile({}), []);
    assert.throws(() => credentialsFile({ AUTH_CREDENTIALS_FILE: "/none/here" }), {
      code: "config.invalid",
    });
  });
});
