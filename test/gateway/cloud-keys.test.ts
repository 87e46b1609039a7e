import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { AzureDouble } from "../../services/keys/test/custody/azure/azure-double.ts";
import { GcpDouble, gcpKey, letSdkIn } from "../../services/keys/test/custody/gcp/gcp-double.ts";
import { setForSdk } from "../../services/keys/test/custody/sdk-environment.ts";
import { C, plaintextOf } from "./plaintext.ts";
import { BUCKET, type RunningGateway, runningGateway } from "./running-gateway.ts";
import { MIN_PART, uploadParts } from "./uploading.ts";
import { pathOf } from "./wire-client.ts";

/** A key store of a cloud, and what can be done to it. */
interface Cloud extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>;
  /** How the header names the provider. */
  readonly provider: string;
  /** The key of that name is another one from now on. */
  exchangeKey(): Promise<void>;
  setDisabled(isDisabled: boolean): void;
  /** Answers 503 to everything, or no longer. */
  setAway(isAway: boolean): void;
}

async function azure(kind: "rsa" | "aes"): Promise<Cloud> {
  const server = await AzureDouble.start();
  setForSdk(server.tokenEnv);
  const key = await server.makeKey(kind);
  const [name = "", version = ""] = key.split("/");
  return {
    env: {
      KEY_MANAGER_PROVIDER: "azure-key-vault",
      AZURE_KEY_VAULT_URL: server.origin,
      AZURE_KEY_VAULT_KEYS: kind === "aes" ? `1=${key}:A256GCM` : `1=${key}`,
      AZURE_KEY_VAULT_ENVELOPE_AUTH_KEY: "env:ENVELOPE",
      ENVELOPE: randomBytes(32).toString("base64"),
    },
    provider: "azure",
    exchangeKey: async () => void (await server.makeKey(kind, { name, version })),
    setDisabled: (isDisabled) =>
      isDisabled ? void server.disabled.add(key) : void server.disabled.delete(key),
    setAway: (isAway) => {
      server.override = isAway ? () => ({ status: 503, body: "busy" }) : undefined;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function gcp(): Promise<Cloud> {
  await using opening = new AsyncDisposableStack();
  opening.use(await letSdkIn());
  const key = gcpKey("kek");
  const server = opening.use(await GcpDouble.start(key));
  const opened = opening.move();
  return {
    env: {
      KEY_MANAGER_PROVIDER: "gcp-kms",
      GCP_KMS_ENDPOINT: server.origin,
      GCP_KMS_KEYS: key,
    },
    provider: "gcp",
    exchangeKey: async () => {
      server.keys.set(key, [randomBytes(32)]);
      await Promise.resolve();
    },
    setDisabled: (isDisabled) =>
      isDisabled ? void server.disabled.add(key) : void server.disabled.delete(key),
    setAway: (isAway) => {
      server.override = isAway ? () => ({ status: 503, body: "busy" }) : undefined;
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

for (const [name, open] of [
  ["RSA in Azure Key Vault", () => azure("rsa")],
  ["AES in a Managed HSM", () => azure("aes")],
  ["Google Cloud KMS", gcp],
] as const) {
  describe(`a gateway on ${name}`, () => {
    const BODY = plaintextOf(2 * C + 5);
    const K = pathOf(BUCKET, "k");
    const stack = new AsyncDisposableStack();
    let cloud: Cloud;
    let gateway: RunningGateway;
    before(async () => {
      cloud = stack.use(await open());
      const env = {
        ...cloud.env,
        SELF_CONTAINED_AES_KEYS: "",
        SELF_CONTAINED_TYPE: "",
        KMS_RETRY_ENABLED: "false",
        KMS_CIRCUIT_BREAKER_ENABLED: "false",
      };
      gateway = stack.use(await runningGateway({ env }));
      assert.equal((await gateway.client.send("PUT", K, { body: BODY })).status, 200);
    });
    after(() => stack.disposeAsync());
    const got = async (path: string, headers = {}) =>
      await gateway.client.send("GET", path, { headers });

    it("stores ciphertext whose header names it, and gives it back whole, in part and copied", async () => {
      const { bytes, metadata } = await gateway.store.readStored(BUCKET, "k");
      assert.ok(!bytes.includes(BODY.subarray(0, 64)));
      const header = Buffer.from(metadata["x-amz-meta-s3eg"] ?? "", "base64url");
      assert.ok(header.includes(cloud.provider));
      assert.ok((await got(K)).bytes.equals(BODY));
      const part = await got(K, { range: `bytes=${C - 3}-${C + 3}` });
      assert.equal(part.status, 206);
      assert.ok(part.bytes.equals(BODY.subarray(C - 3, C + 4)));
      const copy = { headers: { "x-amz-copy-source": K } };
      const copied = await gateway.client.send("PUT", pathOf(BUCKET, "copy"), copy);
      assert.equal(copied.status, 200);
      assert.ok((await got(pathOf(BUCKET, "copy"))).bytes.equals(BODY));
    });

    it("takes an upload in parts", async () => {
      const parts = [plaintextOf(MIN_PART + 7, 1), plaintextOf(C + 3, 2)] as const;
      const layout = parts.map((body, n) => [n + 1, body] as const);
      assert.equal((await uploadParts(gateway, "parts", layout)).status, 200);
      assert.ok((await got(pathOf(BUCKET, "parts"))).bytes.equals(Buffer.concat(parts)));
    });

    for (const [what, set, status] of [
      ["away", (is: boolean) => cloud.setAway(is), 503],
      ["disabled", (is: boolean) => cloud.setDisabled(is), 500],
    ] as const) {
      it(`reads and writes nothing while it is ${what}, and goes on afterwards`, async () => {
        set(true);
        const put = await gateway.client.send("PUT", K, { body: "other" });
        assert.equal(put.status, status, put.text);
        const answer = await got(K);
        assert.equal(answer.status, status, answer.text);
        set(false);
        assert.ok((await got(K)).bytes.equals(BODY));
      });
    }

    it("opens nothing with another key of the same name, and says nothing of why", async () => {
      await cloud.exchangeKey();
      const { status, text } = await got(K);
      assert.equal(status, 500);
      assert.doesNotMatch(text, /azure|google|kek/i);
      const made = await gateway.client.send("PUT", pathOf(BUCKET, "new"), { body: "new" });
      assert.equal(made.status, 200);
      assert.equal((await got(pathOf(BUCKET, "new"))).text, "new");
    });

    it("reads and writes nothing once it is gone", async () => {
      await cloud[Symbol.asyncDispose]();
      assert.equal((await got(pathOf(BUCKET, "new"))).status, 503);
      assert.equal((await gateway.client.send("PUT", K, { body: "other" })).status, 503);
      assert.equal(
        (await gateway.client.send("HEAD", K)).headers["content-length"],
        `${BODY.length}`,
      );
    });
  });
}
