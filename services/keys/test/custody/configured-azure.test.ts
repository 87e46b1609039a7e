import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { configuredAzure } from "../../src/custody/configured-azure.ts";
import { load } from "../config/read-settings.ts";
import { is } from "../issued-header.ts";
import { silentLog as log } from "../silent-log.ts";
import { AzureDouble, refusal } from "./azure/azure-double.ts";
import { describeCustodian } from "./custodian-contract.ts";
import { setForSdk } from "./sdk-environment.ts";

const env = { ENVELOPE: randomBytes(32).toString("base64") };

/** A custodian on a vault, whose tokens the SDK finds as it does on a machine of Azure. */
async function configured(server: AzureDouble, settings: Record<string, string>) {
  setForSdk(server.tokenEnv);
  const config = load({
    KEY_MANAGER_ENABLED: "true",
    KEY_MANAGER_PROVIDER: "azure-key-vault",
    AZURE_KEY_VAULT_URL: server.origin,
    AZURE_KEY_VAULT_ENVELOPE_AUTH_KEY: "env:ENVELOPE",
    ...settings,
  });
  return await configuredAzure({ config, env, folder: "/nowhere", log });
}

for (const [name, kind, suffix] of [
  ["an RSA key", "rsa", ""],
  ["an AES key", "aes", ":A256GCM"],
] as const) {
  describeCustodian(
    `AzureKeyStore with ${name}, guarded, on a double,`,
    async () => {
      const opened = new AsyncDisposableStack();
      const version = randomBytes(16).toString("hex");
      const open = async () => {
        const server = opened.use(await AzureDouble.start());
        const key = await server.makeKey(kind, { version });
        const keys = `1=${key}${suffix}`;
        return opened.use(await configured(server, { AZURE_KEY_VAULT_KEYS: keys }));
      };
      return {
        custodian: await open(),
        impostor: await open(),
        [Symbol.asyncDispose]: () => opened.disposeAsync(),
      };
    },
    { everyByte: 13 },
  );
}

describe("configuredAzure", () => {
  it("calls versions by the name of their key and their numbers, and writes with the first", async () => {
    await using server = await AzureDouble.start();
    const [old, fresh] = [await server.makeKey("rsa"), await server.makeKey("aes")];
    const keys = `2=${fresh}:A256GCM,1=${server.origin}/keys/${old}`;
    await using custodian = await configured(server, { AZURE_KEY_VAULT_KEYS: keys });
    await custodian.start();
    const named = [2, 1].map((keyVersion) => ({ provider: "azure", keyId: "kek", keyVersion }));
    assert.deepEqual([custodian.activeKey, custodian.readableKeys], [named[0], named]);
  });

  it("asks nobody before it is started, then shows who it is once, and never for the key itself", async () => {
    await using server = await AzureDouble.start();
    const keys = `1=${await server.makeKey("rsa")}`;
    await using custodian = await configured(server, { AZURE_KEY_VAULT_KEYS: keys });
    assert.deepEqual([server.asked.length, server.challenges], [0, 0]);
    await custodian.start();
    assert.equal(server.challenges, 1);
    const actions = new Set(server.asked.map(({ action }) => action));
    assert.deepEqual([...actions].sort(), ["unwrapkey", "wrapkey"]);
  });

  it("leaves retries to its guard, and refuses a wrap that does not open", async () => {
    await using server = await AzureDouble.start();
    const keys = `1=${await server.makeKey("aes")}:A256GCM`;
    const settings = { AZURE_KEY_VAULT_KEYS: keys, KMS_RETRY_ENABLED: "false" };
    await using custodian = await configured(server, settings);
    const wrap = () =>
      custodian.wrap(Buffer.alloc(65, 2), { key: custodian.activeKey, binding: Buffer.alloc(32) });
    await wrap();
    server.asked.length = 0;
    server.override = () => refusal(503, "Busy");
    await assert.rejects(wrap(), is("keys.unavailable"));
    assert.equal(server.asked.length, 1);
    server.override = ({ name, version, action }) => {
      const parts = { value: 65, iv: 12, tag: 16 };
      const random = Object.entries(parts).map(([part, size]) => [
        part,
        randomBytes(size).toString("base64url"),
      ]);
      const kid = `${server.origin}/keys/${name}/${version}`;
      const body = { kid, ...(Object.fromEntries(random) as object) };
      return action === "encrypt" ? { body } : undefined;
    };
    await assert.rejects(wrap(), is("keys.denied"));
  });

  it("gives up a vault that does not answer in time", async () => {
    await using server = await AzureDouble.start();
    const keys = `1=${await server.makeKey("rsa")}`;
    await using custodian = await configured(server, {
      AZURE_KEY_VAULT_KEYS: keys,
      AZURE_KEY_VAULT_TIMEOUT: "100ms",
      KMS_RETRY_ENABLED: "false",
    });
    server.override = () => new Promise(() => undefined);
    await assert.rejects(custodian.start(), is("keys.unavailable"));
  });

  it("refuses an envelope key that can't be read", async () => {
    await using server = await AzureDouble.start();
    const settings = {
      AZURE_KEY_VAULT_KEYS: `1=${await server.makeKey("aes")}`,
      AZURE_KEY_VAULT_ENVELOPE_AUTH_KEY: "env:NONE",
    };
    await assert.rejects(configured(server, settings), is("config.invalid"));
  });
});
