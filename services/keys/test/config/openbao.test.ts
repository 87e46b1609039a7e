import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openbaoProblems } from "../../src/config/openbao.ts";
import { load, problems } from "./read-settings.ts";

const section = (env: Record<string, string>) => load(env).key_manager.openbao;
const missing = (env: Record<string, string>) =>
  openbaoProblems(section(env)).map(({ path }) => path.join("."));

const complete = {
  OPENBAO_ADDR: "https://bao:8200",
  OPENBAO_TRANSIT_KEY_NAME: "kek",
  OPENBAO_TOKEN: "t",
};

describe("the openbao section", () => {
  it("has the defaults users know", () => {
    const { transit_path, timeout, auth } = section({});
    assert.deepEqual([transit_path, timeout, auth.method], ["transit", 5000, "token"]);
  });

  it("names everything that is missing for each way to log in", () => {
    assert.deepEqual(missing(complete), []);
    assert.deepEqual(missing({}).toSorted(), [
      "openbao.address",
      "openbao.auth.token",
      "openbao.key_name",
    ]);
    assert.deepEqual(missing({ ...complete, OPENBAO_AUTH_METHOD: "approle" }), [
      "openbao.auth.role_id",
      "openbao.auth.secret_id",
    ]);
    assert.deepEqual(missing({ ...complete, OPENBAO_AUTH_METHOD: "kubernetes" }), [
      "openbao.auth.role",
    ]);
  });

  it("refuses paths that would reach elsewhere, and half a client certificate", () => {
    for (const OPENBAO_TRANSIT_PATH of ["../sys", "a//b", "transit?x", "/transit"]) {
      assert.match(problems({ OPENBAO_TRANSIT_PATH }), /path of a mount/);
    }
    assert.match(problems({ OPENBAO_TRANSIT_KEY_NAME: "a/b" }), /name of a Transit key/);
    assert.match(problems({ OPENBAO_ADDR: "ftp://bao" }), /OPENBAO_ADDR/);
    assert.match(problems({ OPENBAO_CLIENT_CERT: "/c" }), /belong together/);
  });

  it("never prints a credential", () => {
    const env = { ...complete, OPENBAO_TOKEN: "hvs.hush", OPENBAO_SECRET_ID: "hush" };
    assert.ok(!JSON.stringify(load(env)).includes("hush"));
  });
});
