import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { rewrap } from "../../services/cli/src/commands/rewrap.ts";
import { type Fixture, fixtures, legacyKeys, store } from "./legacy-fixtures.ts";
import { BUCKET, runningGateway } from "./running-gateway.ts";
import { pathOf } from "./wire-client.ts";

const objects = fixtures.filter(({ role, size = 0 }) => role === "object" && size > 0);
const MAIN = join(import.meta.dirname, "../../services/cli/src/main.ts");
const SETTINGS = {
  LISTEN_ADDR: "127.0.0.1:0",
  BACKEND_ENDPOINT: "http://127.0.0.1:1",
  BACKEND_ACCESS_KEY: "A",
  BACKEND_SECRET_KEY: "S",
  GW_CRED_0_ACCESS_KEY: "A",
  GW_CRED_0_SECRET_KEY: "S",
  ENCRYPTION_PASSWORD: "correct horse battery",
  FIPS: "true",
};

describe("the FIPS profile", () => {
  for (const [what, settings, problem] of [
    ["argon2id", { ENCRYPTION_KDF_ALGORITHM: "argon2id" }, /argon2id, which the FIPS profile/],
    [
      "ChaCha20-Poly1305",
      { ENCRYPTION_PREFERRED_ALGORITHM: "ChaCha20-Poly1305" },
      /ChaCha20-Poly1305, which the FIPS profile/,
    ],
  ] as const) {
    it(`exits 78 for ${what}`, () => {
      const env = { ...SETTINGS, ...settings };
      const { status, stderr } = spawnSync(process.execPath, [MAIN, "serve"], {
        env,
        encoding: "utf8",
        timeout: 60_000,
      });
      assert.equal(status, 78, stderr);
      assert.match(stderr, problem);
    });
  }

  it("reads and writes AES-256-GCM, and refuses what ChaCha20-Poly1305 sealed", async () => {
    const KEK = Buffer.alloc(32, 5).toString("base64");
    await using other = await runningGateway({
      env: { KEK, ENCRYPTION_PREFERRED_ALGORITHM: "ChaCha20-Poly1305" },
    });
    await other.client.send("PUT", `/${BUCKET}/chacha`, { body: "hello" });
    await using gateway = await runningGateway({ env: { KEK, FIPS: "true" } });
    await gateway.client.send("PUT", `/${BUCKET}/aes`, { body: "hello" });
    assert.equal((await gateway.client.send("GET", `/${BUCKET}/aes`)).text, "hello");
    const { bytes, metadata } = await other.store.readStored(BUCKET, "chacha");
    await gateway.client.send("PUT", `/${BUCKET}/chacha`, { body: "hello" });
    await gateway.store.overwriteStored(BUCKET, "chacha", { bytes, metadata });
    const refused = await gateway.client.send("GET", `/${BUCKET}/chacha`);
    assert.equal(refused.status, 500);
    assert.doesNotMatch(refused.text, /hello/);
    assert.equal((await other.client.send("GET", `/${BUCKET}/chacha`)).text, "hello");
  });

  it("holds for format 1 as well", async () => {
    const folder = await mkdtemp(join(tmpdir(), "s3eg-fips-"));
    try {
      await using gateway = await runningGateway({
        policies: ['id: all\nbuckets: ["*"]\ncontents: sealed+legacy\n'],
        env: { ...(await legacyKeys(folder)), FIPS: "true" },
      });
      const approved = objects.filter(({ variant }) => /^f[13]-aes-password/.test(variant));
      const others = objects.filter(({ variant }) => /chacha.*password|argon2/.test(variant));
      assert.ok(approved.length > 5 && others.length > 5, `${approved.length} ${others.length}`);
      await store(gateway, [...approved, ...others]);
      const statusOf = async ({ bucket, key }: Fixture) =>
        (await gateway.client.send("GET", pathOf(bucket, key))).status;
      for (const fixture of approved) assert.equal(await statusOf(fixture), 200, fixture.variant);
      for (const fixture of others) assert.equal(await statusOf(fixture), 500, fixture.variant);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("holds for a re-wrap: what is not approved is told of and stays what it is, and the job goes on", async () => {
    const folder = await mkdtemp(join(tmpdir(), "s3eg-fips-"));
    try {
      const keys = { ...(await legacyKeys(folder)), DATA_DIR: join(folder, "data") };
      await using gateway = await runningGateway({ env: keys });
      const some = objects.filter(({ variant }) =>
        /^f[13]-(aes|chacha)-password-0\.3/.test(variant),
      );
      await store(gateway, some);
      const settings = { ...SETTINGS, ...gateway.settings, ...keys };
      const buckets = [...new Set(some.map(({ bucket }) => bucket))];
      for (const bucket of buckets) {
        const last = await gateway.behind.send("PUT", pathOf(bucket, "~last"), { body: "plain" });
        assert.equal(last.status, 200);
        const report = await rewrap(["--upgrade", bucket], settings, { progress: () => undefined });
        assert.match(report, / 1 skipped: not sealed\n/);
        const isRefused = / \d+ failed: crypto\.not-permitted\n/.test(report);
        assert.equal(isRefused, bucket.includes("chacha"), report);
      }
      for (const { bucket, key, variant } of some) {
        const { metadata } = await gateway.store.readStored(bucket, key);
        const isUpgraded = metadata["x-amz-meta-s3eg"] !== undefined;
        assert.equal(isUpgraded, variant.includes("-aes-"), `${variant} ${key}`);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
