import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { configuredCredentials } from "../../src/auth/configured-credentials.ts";

const folder = mkdtempSync(join(tmpdir(), "credentials-"));
after(() => rmSync(folder, { recursive: true }));

function file(text: string): { AUTH_CREDENTIALS_FILE: string } {
  const path = join(folder, `${randomUUID()}.yaml`);
  writeFileSync(path, text);
  return { AUTH_CREDENTIALS_FILE: path };
}

const setting = (access_key: string, secret_key: string, more = {}) => ({
  access_key,
  secret_key: new Secret(secret_key),
  ...more,
});
const plain = (credentials: ReturnType<typeof configuredCredentials>) =>
  credentials.map(({ accessKey, secretKey, label }) => [accessKey, secretKey.reveal(), label]);

describe("configuredCredentials", () => {
  it("come from settings, a file and both kinds of numbered variables, in that order", () => {
    const env = {
      ...file(
        "- access_key: B\n  secret_key: b\n  label: lb\n- { access_key: C, secret_key_env: X }\n",
      ),
      X: "c",
      GW_CRED_10_ACCESS_KEY: "F",
      GW_CRED_10_SECRET_KEY: "f",
      GW_CRED_2_ACCESS_KEY: "E",
      GW_CRED_2_SECRET_KEY: "e",
      GW_ACCESS_KEY_1: "G",
      GW_SECRET_KEY_1: "g",
      GW_CRED_3_ACCESS_KEY: "",
    };
    assert.deepEqual(plain(configuredCredentials([setting("A", "a", { label: "la" })], env)), [
      ["A", "a", "la"],
      ["B", "b", "lb"],
      ["C", "c", undefined],
      ["E", "e", "helm-cred-2"],
      ["F", "f", "helm-cred-10"],
      ["G", "g", "helm-cred-1"],
    ]);
  });

  it("read a file that begins as a YAML document does", () => {
    const env = file("# ours\n---\n- access_key: B\n  secret_key: b\n");
    assert.equal(configuredCredentials([], env).length, 1);
  });

  it("keep a backend identity and its secret", () => {
    const own = { backend_access_key: "BK", backend_secret_key: new Secret("bs") };
    const [credential] = configuredCredentials([setting("A", "a", own)], {});
    assert.equal(credential?.identity, "BK");
    assert.equal(credential?.identitySecret?.reveal(), "bs");
  });

  it("go with certificates, by settings and by variables", () => {
    const uri = "spiffe://example/app";
    const env = {
      GW_CRED_0_ACCESS_KEY: "B",
      GW_CRED_0_SECRET_KEY: "b",
      GW_CRED_0_CLIENT_CERT_SUBJECT: "CN=b",
      GW_CRED_0_CLIENT_CERT_DNS: "b.example.com",
      GW_ACCESS_KEY_1: "C",
      GW_SECRET_KEY_1: "c",
      GW_CLIENT_CERT_FINGERPRINT_1: "ab".repeat(32),
    };
    const settings = [setting("A", "a", { client_certificates: [{ uri }] })];
    assert.deepEqual(
      configuredCredentials(settings, env).map(({ certificates }) => certificates),
      [[{ uri }], [{ subject: "CN=b", dns: "b.example.com" }], [{ fingerprint: "AB".repeat(32) }]],
    );
  });

  it("may name one access key twice if they agree", () => {
    const env = { GW_ACCESS_KEY_1: "A", GW_SECRET_KEY_1: "a" };
    assert.equal(configuredCredentials([setting("A", "a")], env).length, 1);
  });

  const identity = { backend_access_key: "BK", backend_secret_key: new Secret("bs") };
  for (const [what, settings, env] of [
    ["two secrets for one access key", [setting("A", "a"), setting("A", "b")], {}],
    ["two identities for one access key", [setting("A", "a"), setting("A", "a", identity)], {}],
    ["a variable that is not there", [{ access_key: "A", secret_key_env: "NONE" }], {}],
    ["an access key without its secret", [], { GW_CRED_0_ACCESS_KEY: "A" }],
    ["a secret without its access key", [], { GW_CRED_0_SECRET_KEY: "a" }],
    ["the other kind without its secret", [], { GW_ACCESS_KEY_1: "A" }],
    ["the other kind without its access key", [], { GW_SECRET_KEY_1: "a" }],
    [
      "a certificate that is none",
      [],
      { GW_ACCESS_KEY_1: "A", GW_SECRET_KEY_1: "a", GW_CLIENT_CERT_FINGERPRINT_1: "12" },
    ],
    [
      "one access key with two certificates",
      [setting("A", "a", { client_certificates: [{ dns: "a" }] })],
      { GW_ACCESS_KEY_1: "A", GW_SECRET_KEY_1: "a", GW_CLIENT_CERT_DNS_1: "b" },
    ],
    ["a file that is not there", [], { AUTH_CREDENTIALS_FILE: join(folder, "none") }],
    ["a file that holds something else", [], file("credentials: 1\n")],
  ] as const) {
    it(`refuse ${what}, and quote no secret`, () => {
      assert.throws(() => configuredCredentials(settings, env), { code: "config.invalid" });
    });
  }
});
