import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { rewrap } from "../../services/cli/src/commands/rewrap.ts";
import { type Fixture, fixtures, legacyKeys, legacyTransit, store } from "./legacy-fixtures.ts";
import { runningGateway } from "./running-gateway.ts";
import { pathOf } from "./wire-client.ts";

/** Their keys are on servers (those of Transit below, those of KMIP in e2e/cosmian), or cost a derivation more for each object: what is tried here is the upgrade. */
const ELSEWHERE = new Set(["kmip", "transit", "policy-own"]);
const isSealed = ({ format }: Fixture) => format !== "plain" && format !== "F10";
/** Some have more metadata than S3 takes with a PUT: they stay what they are, and are named. */
const hasRoom = ({ headers }: Fixture) => headers["x-amz-meta-big00"] === undefined;
const stored = fixtures.filter((one) => !ELSEWHERE.has(one.open) && isSealed(one));
const objects = stored.filter(({ role }) => role === "object");

describe("s3eg rewrap --upgrade", () => {
  it("makes format 2 of every object of format 1 that has room for its header, with the same bytes", async () => {
    const folder = await mkdtemp(join(tmpdir(), "s3eg-upgrade-"));
    const keys = await legacyKeys(folder);
    const env = { ...keys, DATA_DIR: join(folder, "data") };
    await using gateway = await runningGateway({ env });
    await store(gateway, stored);
    const settings = { ...gateway.settings, ...env };
    const buckets = [...new Set(objects.map(({ bucket }) => bucket))];
    const lines: string[] = [];
    const progress = (line: string) => void lines.push(line);
    const before = await rewrap(buckets, settings, { progress });
    assert.match(before, /skipped: format 1/);
    const report = await rewrap(["--upgrade", ...buckets], settings, { progress });
    assert.doesNotMatch(report, /failed/, lines.filter((line) => /^failed/.test(line)).join(""));
    assert.ok(objects.some(hasRoom) && !objects.every(hasRoom));
    for (const object of objects) {
      const { bucket, key, sha256, size, variant } = object;
      const path = pathOf(bucket, key);
      const behind = await gateway.behind.send("HEAD", path);
      const isUpgraded = behind.headers["x-amz-meta-s3eg"] !== undefined;
      assert.equal(isUpgraded, hasRoom(object), `${variant} ${key}`);
      if (isUpgraded) assert.equal(behind.headers["x-amz-meta-encrypted"], undefined, variant);
      const read = await gateway.client.send("GET", path);
      assert.equal(read.status, 200, `${variant} ${key}: ${read.text.slice(0, 200)}`);
      assert.equal(hash("sha256", read.bytes), sha256, variant);
      assert.equal(read.headers["content-length"], String(size), variant);
    }
    await rm(folder, { recursive: true });
  });

  it("makes format 2 of what Transit wrapped, under the same key of Transit", async () => {
    const folder = await mkdtemp(join(tmpdir(), "s3eg-upgrade-"));
    await using transit = await legacyTransit();
    const provider = { KEY_MANAGER_ENABLED: "true", KEY_MANAGER_PROVIDER: "openbao" };
    const env = { ...provider, ...transit.settings, DATA_DIR: join(folder, "data") };
    const contents = "sealed+legacy";
    const policies = [`id: all\nbuckets: ["*"]\ncontents: ${contents}\n`];
    await using gateway = await runningGateway({ env, policies });
    const wrapped = fixtures.filter(({ open }) => open === "transit");
    const whole = wrapped.filter(({ role }) => role === "object");
    await store(gateway, wrapped);
    const policy = join(folder, "policy.yaml");
    await writeFile(policy, policies.join(""));
    const config = join(folder, "config.yaml");
    await writeFile(config, `policies: [${JSON.stringify(policy)}]\n`);
    const settings = { ...gateway.settings, ...env, CONFIG_PATH: config };
    const buckets = [...new Set(whole.map(({ bucket }) => bucket))];
    const report = await rewrap(["--upgrade", ...buckets], settings, { progress: () => undefined });
    assert.doesNotMatch(report, /failed/);
    for (const { bucket, key, sha256, variant } of whole) {
      const path = pathOf(bucket, key);
      const behind = await gateway.behind.send("HEAD", path);
      const header = Buffer.from(String(behind.headers["x-amz-meta-s3eg"]), "base64url");
      assert.ok(header.includes("transit"), `${variant} ${key}`);
      const read = await gateway.client.send("GET", path);
      assert.equal(hash("sha256", read.bytes), sha256, `${variant} ${key}`);
    }
    assert.ok(whole.length >= 9, `${whole.length}`);
    await rm(folder, { recursive: true });
  });
});
