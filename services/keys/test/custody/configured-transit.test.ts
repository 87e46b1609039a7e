import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { configuredTransit } from "../../src/custody/configured-transit.ts";
import { load } from "../config/read-settings.ts";
import { is } from "../issued-header.ts";
import { silentLog as log } from "../silent-log.ts";
import { describeCustodian } from "./custodian-contract.ts";
import { TransitDouble } from "./transit/transit-double.ts";

const scratch = mkdtempSync(join(tmpdir(), "transit-"));
const file = join(scratch, "credential");
after(() => rmSync(scratch, { recursive: true }));

const configured = async (settings: Record<string, string>, env = {}) => {
  const config = load({
    KEY_MANAGER_ENABLED: "true",
    KEY_MANAGER_PROVIDER: "openbao",
    OPENBAO_TRANSIT_KEY_NAME: "kek",
    ...settings,
  });
  return await configuredTransit({ config, env, folder: scratch, log });
};

describeCustodian(
  "TransitKeyStore, guarded, on a double,",
  async () => {
    const servers = new AsyncDisposableStack();
    const open = async () => {
      const { origin } = servers.use(await TransitDouble.start());
      return servers.use(await configured({ OPENBAO_ADDR: origin, OPENBAO_TOKEN: "root" }));
    };
    return {
      custodian: await open(),
      impostor: await open(),
      [Symbol.asyncDispose]: () => servers.disposeAsync(),
    };
  },
  { everyByte: 7 },
);

describe("configuredTransit", () => {
  it("calls the key by mount and name in headers, or as it is told", async () => {
    const base = { OPENBAO_ADDR: "http://127.0.0.1:1", OPENBAO_TOKEN: "t" };
    await using plain = await configured(base);
    assert.equal(plain.activeKey.keyId, "transit/kek");
    await using named = await configured({ ...base, OPENBAO_KEY_ID: "old-name" });
    assert.equal(named.activeKey.keyId, "old-name");
  });

  for (const [what, settings, credential] of [
    ["a token", { OPENBAO_TOKEN: "root" }, ""],
    ["a token from a file", { OPENBAO_TOKEN_SOURCE: `file:${file}` }, "root\n"],
    [
      "AppRole",
      { OPENBAO_AUTH_METHOD: "approle", OPENBAO_ROLE_ID: "r", OPENBAO_SECRET_ID: "s" },
      "",
    ],
    [
      "AppRole from a variable",
      { OPENBAO_AUTH_METHOD: "approle", OPENBAO_ROLE_ID: "r", OPENBAO_SECRET_ID_SOURCE: "env:S" },
      "",
    ],
    [
      "Kubernetes",
      {
        OPENBAO_AUTH_METHOD: "kubernetes",
        OPENBAO_AUTH_ROLE: "keys",
        OPENBAO_K8S_JWT_PATH: file,
        OPENBAO_AUTH_MOUNT: "k8s",
      },
      "j\n",
    ],
  ] as const) {
    it(`logs in with ${what}`, async () => {
      await using server = await TransitDouble.start();
      writeFileSync(file, credential);
      const env = { S: "s" };
      const address = { OPENBAO_ADDR: server.origin, OPENBAO_NAMESPACE: "team" };
      await using custodian = await configured({ ...address, ...settings }, env);
      await custodian.start();
      assert.ok(server.asked.every(({ namespace }) => namespace === "team"));
      if (what === "Kubernetes") assert.equal(server.count("/v1/auth/k8s/login"), 1);
    });
  }

  it("refuses credentials that are not there, before any server is asked", async () => {
    const base = { OPENBAO_ADDR: "http://127.0.0.1:1" };
    for (const settings of [
      { OPENBAO_TOKEN_SOURCE: "file:/nowhere/token" },
      { OPENBAO_TOKEN_SOURCE: "env:NONE" },
      { OPENBAO_TOKEN: "t", OPENBAO_CACERT: "/nowhere/ca" },
      {
        OPENBAO_AUTH_METHOD: "kubernetes",
        OPENBAO_AUTH_ROLE: "keys",
        OPENBAO_K8S_JWT_PATH: "/nowhere/jwt",
      },
    ]) {
      await assert.rejects(configured({ ...base, ...settings }), is("config.invalid"));
    }
  });

  it("opens what the server wrapped before it is used, and refuses a wrap that does not open", async () => {
    await using server = await TransitDouble.start();
    const settings = { OPENBAO_ADDR: server.origin, OPENBAO_TOKEN: "root" };
    await using custodian = await configured({ ...settings, KMS_RETRY_ENABLED: "false" });
    const use = { key: custodian.activeKey, binding: Buffer.alloc(32, 1) };
    await custodian.wrap(Buffer.alloc(65, 2), use);
    assert.equal(server.count("/v1/transit/decrypt/kek"), 1);
    const ciphertext = `vault:v1:${Buffer.alloc(93, 3).toString("base64")}`;
    server.override = ({ path }) =>
      path.includes("encrypt") ? [200, { data: { ciphertext } }] : undefined;
    await assert.rejects(custodian.wrap(Buffer.alloc(65, 2), use), is("keys.unavailable"));
  });
});
