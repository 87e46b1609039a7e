import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { openEntrance } from "../src/entrance.ts";
import { readGatewayConfig } from "../src/gateway-config.ts";
import { COMPLETE, scratchFolder } from "./environment.ts";

const EDGE = new Set(["edge"] as const);

describe("the entrance", () => {
  it("knows clients, policies and the backend identities that clients bring along", async () => {
    await using scratch = await scratchFolder();
    const policy = join(scratch.folder, "policy.yaml");
    await writeFile(policy, "id: m\nbuckets: [mixed-*]\ncontents: mixed\nbind_as: original\n");
    const config = join(scratch.folder, "config.yaml");
    await writeFile(
      config,
      `auth:
  credentials:
    - { access_key: B, secret_key: s, backend_access_key: IB, backend_secret_key: is }
    - { access_key: C, secret_key_env: SECRET_OF_C }
`,
    );
    const env = { ...COMPLETE, CONFIG_PATH: config, POLICIES: policy, SECRET_OF_C: "c" };
    const entrance = openEntrance(readGatewayConfig([], env).config, EDGE, env);
    assert.equal(entrance.credentials.find("A")?.secretKey.reveal(), "S");
    assert.equal(entrance.credentials.find("B")?.identity, "IB");
    assert.equal(entrance.credentials.find("C")?.secretKey.reveal(), "c");
    assert.equal(entrance.credentials.find("D"), undefined);
    const identities = entrance.identities.map(({ accessKey, secretKey }) => [
      accessKey,
      secretKey.reveal(),
    ]);
    assert.deepEqual(identities, [["IB", "is"]]);
    assert.equal(entrance.policies.of("mixed-1").bindAs, "original");
    assert.equal(entrance.policies.of("other").contents, "sealed");
  });

  it("gives buckets without a policy the configured suite", () => {
    for (const [algorithm, suite] of [
      ["AES256-GCM", 1],
      ["ChaCha20-Poly1305", 2],
    ] as const) {
      const env = { ...COMPLETE, ENCRYPTION_PREFERRED_ALGORITHM: algorithm };
      const entrance = openEntrance(readGatewayConfig([], env).config, EDGE, env);
      assert.equal(entrance.policies.of("b").suite, suite);
    }
  });

  it("is refused with a policy whose objects could not be read, by its algorithm", () => {
    const env = {
      ...COMPLETE,
      ENCRYPTION_SUPPORTED_ALGORITHMS: "AES256-GCM",
      GW_POLICY_1_ID: "other",
      GW_POLICY_1_BUCKETS: "b",
      GW_POLICY_1_ENCRYPTION_ALGORITHM: "ChaCha20-Poly1305",
    };
    const { config } = readGatewayConfig([], env);
    assert.throws(() => openEntrance(config, EDGE, env), /"other".*supported_algorithms/);
    const itself = { ...COMPLETE, ENCRYPTION_SUPPORTED_ALGORITHMS: "ChaCha20-Poly1305" };
    assert.throws(() => readGatewayConfig([], itself), /must have preferred_algorithm/);
  });

  it("is refused with half a credential", () => {
    const env = { ...COMPLETE, GW_CRED_0_SECRET_KEY: "" };
    const { config } = readGatewayConfig([], env);
    assert.throws(() => openEntrance(config, EDGE, env), { code: "config.invalid" });
  });

  it("gives identities alone to a process that knows no client", async () => {
    await using scratch = await scratchFolder();
    const config = join(scratch.folder, "config.yaml");
    await writeFile(
      config,
      "auth: { credentials: [{ access_key: C, secret_key_env: NOT_HERE, backend_access_key: IC, backend_secret_key: is }] }\n",
    );
    const env = {
      ...COMPLETE,
      CONFIG_PATH: config,
      GW_BACKEND_ACCESS_KEY_7: "I7",
      GW_BACKEND_SECRET_KEY_7: "s7",
    };
    const crypto = new Set(["crypto"] as const);
    const entrance = openEntrance(readGatewayConfig([], env).config, crypto, env);
    assert.deepEqual(
      entrance.identities.map(({ accessKey }) => accessKey),
      ["IC", "I7"],
    );
    assert.equal(entrance.credentials.find("C"), undefined);
    assert.equal(entrance.credentials.find("A"), undefined);
  });
});
