import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  azureKeyName,
  azureKeyVaultProblems,
  azureVault,
} from "../../src/config/azure-key-vault.ts";
import { load, problems } from "./read-settings.ts";

const VAULT = "https://a-vault.vault.azure.net";
const [V1, V2] = ["0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"];
const base = {
  AZURE_KEY_VAULT_URL: VAULT,
  AZURE_KEY_VAULT_ENVELOPE_AUTH_KEY: "env:X",
  AZURE_KEY_VAULT_KEYS: `2=kek/${V2},1=kek/${V1}`,
};
const sectionOf = (env: Record<string, string>) => load(env).key_manager.azure_key_vault;
const said = (env: Record<string, string>) =>
  azureKeyVaultProblems(sectionOf({ ...base, ...env }))
    .map(({ path, message }) => `${path.join(".")}: ${message}`)
    .join("\n");

describe("the azure_key_vault section", () => {
  it("takes a version by name or by its key identifier, and its kind", () => {
    const named = { name: "kek", azureVersion: V1 };
    const rsa = { ...named, vault: undefined, algorithm: "RSA-OAEP-256" };
    assert.deepEqual(azureKeyName(`kek/${V1}`), rsa);
    assert.deepEqual(azureKeyName(`${VAULT}/keys/kek/${V1}`), { ...rsa, vault: VAULT });
    const hsm = "https://hsm.managedhsm.azure.net:8443";
    const aes = { ...named, vault: hsm, algorithm: "A256GCM" };
    assert.deepEqual(azureKeyName(`${hsm}/keys/kek/${V1}:A256GCM`), aes);
    for (const other of [
      "",
      "kek",
      `kek/${V1}0`,
      `kek/${V1.toUpperCase()}`,
      `a/b/${V1}`,
      `../${V1}`,
      `${VAULT}/secrets/kek/${V1}`,
      `kek/${V1}:A256KW`,
      `https://u@v/keys/kek/${V1}`,
    ]) {
      assert.equal(azureKeyName(other), undefined, other);
    }
  });

  it("finds the one vault", () => {
    assert.equal(azureVault(sectionOf(base)), VAULT);
    const identifier = { AZURE_KEY_VAULT_KEYS: `1=${VAULT}/keys/kek/${V1}` };
    assert.equal(azureVault(sectionOf(identifier)), VAULT);
    assert.equal(azureVault(sectionOf({ ...identifier, AZURE_KEY_VAULT_URL: `${VAULT}/` })), VAULT);
    const elsewhere = { ...identifier, AZURE_KEY_VAULT_URL: "https://b.vault.azure.net" };
    assert.equal(azureVault(sectionOf(elsewhere)), undefined);
    assert.equal(azureVault(sectionOf({ AZURE_KEY_VAULT_KEYS: `1=kek/${V1}` })), undefined);
  });

  it("says what is missing, wrong or given twice", () => {
    assert.equal(said({}), "");
    assert.match(said({ AZURE_KEY_VAULT_KEYS: "" }), /keys: needs a version/);
    assert.match(said({ AZURE_KEY_VAULT_KEYS: "1=kek" }), /keys: has what is no name\/version/);
    assert.match(said({ AZURE_KEY_VAULT_KEYS: `1=kek/${V1},2=kek/${V1}` }), /key version twice/);
    assert.match(said({ AZURE_KEY_VAULT_KEYS: `1=kek/${V1},1=kek/${V2}` }), /number twice/);
    assert.equal(said({ AZURE_KEY_VAULT_KEYS: `1=kek/${V1},1=other/${V2}` }), "");
    assert.match(said({ AZURE_KEY_VAULT_URL: "" }), /vault_url: must be given/);
  });

  it("wants an envelope key for RSA, of the section or of the version, and none for AES", () => {
    const none = { AZURE_KEY_VAULT_ENVELOPE_AUTH_KEY: "" };
    assert.match(said(none), /envelope_auth_key: RSA needs it/);
    assert.equal(said({ ...none, AZURE_KEY_VAULT_KEYS: `1=kek/${V1}:A256GCM` }), "");
    const section = sectionOf({ ...base, ...none, AZURE_KEY_VAULT_KEYS: `1=kek/${V1}` });
    const { envelope_auth_key } = sectionOf(base);
    const keys = section.keys.map((key) => ({ ...key, envelope_auth_key }));
    assert.deepEqual(azureKeyVaultProblems({ ...section, keys }), []);
  });

  it("refuses what is no URL and no numbered version", () => {
    assert.match(problems({ AZURE_KEY_VAULT_URL: "a-vault" }), /AZURE_KEY_VAULT_URL/);
    assert.match(problems({ AZURE_KEY_VAULT_KEYS: `kek/${V1}` }), /azure_key_vault/i);
    assert.match(problems({ AZURE_KEY_VAULT_KEYS: `0=kek/${V1}` }), /azure_key_vault/i);
  });

  it("is the key store of azure-key-vault, and noticed beside another one", () => {
    const provider = { KEY_MANAGER_ENABLED: "true", KEY_MANAGER_PROVIDER: "azure-key-vault" };
    assert.match(problems({ ...provider }), /azure_key_vault\.keys/);
    load({ ...provider, ...base });
  });
});
