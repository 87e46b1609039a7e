import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import {
  refreshedCredentials,
  staticCredentials,
  type TemporaryKeys,
} from "../../src/backend/credentials.ts";
import { isFault } from "../../src/faults.ts";
import { Secret } from "../../src/runtime/secret.ts";

const MAIN = { accessKey: "AKMAIN", secretKey: new Secret("s1") };
const ALT = { accessKey: "AKALT", secretKey: new Secret("s2") };
const MINUTE = 60_000;

/** A source of keys with a clock, both moved by the test. */
function source(lifetimeMs: number | undefined) {
  const state = { now: 0, loads: 0, isFailing: false, warnings: 0 };
  const load = async (): Promise<TemporaryKeys> => {
    state.loads += 1;
    await Promise.resolve();
    if (state.isFailing) throw new Error("metadata service is away");
    const expiration = lifetimeMs === undefined ? undefined : new Date(state.now + lifetimeMs);
    return { accessKeyId: `AK${state.loads}`, secretAccessKey: "s", sessionToken: "t", expiration };
  };
  const log = {
    warn: () => {
      state.warnings += 1;
    },
  };
  const credentials = refreshedCredentials({ load, log, additional: [ALT], now: () => state.now });
  return { state, credentials };
}

describe("staticCredentials", () => {
  it("finds the default identity and further ones by access key", async () => {
    const credentials = staticCredentials(MAIN, [ALT]);
    assert.equal(await credentials.find(), MAIN);
    assert.equal(await credentials.find("AKALT"), ALT);
    assert.equal(await credentials.find("AKMAIN"), MAIN);
    await assert.rejects(credentials.find("AKOTHER"), (e) => isFault(e, "config.invalid"));
    await assert.rejects(staticCredentials(undefined).find(), (e) => isFault(e, "config.invalid"));
  });
});

describe("refreshedCredentials", () => {
  it("fetches keys once, however many ask at the same time", async () => {
    const { state, credentials } = source(60 * MINUTE);
    const found = await Promise.all([credentials.find(), credentials.find(), credentials.find()]);
    assert.deepEqual(
      found.map(({ accessKey }) => accessKey),
      ["AK1", "AK1", "AK1"],
    );
    assert.equal(found[0]?.secretKey.reveal(), "s");
    assert.equal(found[0]?.sessionToken?.reveal(), "t");
    assert.equal(state.loads, 1);
    assert.equal(await credentials.find("AKALT"), ALT);
  });

  it("renews keys ahead of time while the old ones still serve", async () => {
    const { state, credentials } = source(60 * MINUTE);
    await credentials.find();
    state.now = 54 * MINUTE;
    assert.equal((await credentials.find()).accessKey, "AK1");
    assert.equal(state.loads, 1);
    state.now = 56 * MINUTE;
    assert.equal((await credentials.find()).accessKey, "AK1");
    await new Promise(setImmediate);
    assert.equal((await credentials.find()).accessKey, "AK2");
    assert.equal(state.loads, 2);
  });

  it("waits for new keys when the old ones are about to end", async () => {
    const { state, credentials } = source(60 * MINUTE);
    await credentials.find();
    state.now = 60 * MINUTE - 1000;
    assert.equal((await credentials.find()).accessKey, "AK2");
  });

  it("keeps the old keys while renewal fails, and says so; fails when they are gone", async () => {
    const { state, credentials } = source(60 * MINUTE);
    await credentials.find();
    state.isFailing = true;
    state.now = 56 * MINUTE;
    assert.equal((await credentials.find()).accessKey, "AK1");
    await new Promise(setImmediate);
    assert.equal(state.warnings, 1);
    assert.equal((await credentials.find()).accessKey, "AK1");
    assert.equal(state.loads, 2);
    state.now += 11_000;
    await credentials.find();
    assert.equal(state.loads, 3);
    await new Promise(setImmediate);
    state.now = 60 * MINUTE;
    await assert.rejects(credentials.find(), (e) => isFault(e, "backend.unavailable"));
    state.isFailing = false;
    assert.equal((await credentials.find()).accessKey, "AK5");
  });

  it("never renews keys without an end", async () => {
    const { state, credentials } = source(undefined);
    await credentials.find();
    state.now = 1e15;
    assert.equal((await credentials.find()).accessKey, "AK1");
    assert.equal(state.loads, 1);
  });
});

describe("awsDefaultCredentials", () => {
  it("finds what the environment names, through the library of AWS", async () => {
    const script = `
      const { awsDefaultCredentials } = await import(${JSON.stringify(import.meta.resolve("../../src/backend/credentials.ts"))});
      const found = await awsDefaultCredentials({ log: { warn() {} } }).find();
      process.stdout.write([found.accessKey, found.secretKey.reveal(), found.sessionToken.reveal(), String(found.secretKey)].join(" "));`;
    const env = {
      AWS_ACCESS_KEY_ID: "AKENV",
      AWS_SECRET_ACCESS_KEY: "sk",
      AWS_SESSION_TOKEN: "st",
    };
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--input-type=module", "-e", script],
      { env },
    );
    assert.equal(stdout, "AKENV sk st [secret]");
  });
});
