import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { checkCanaries } from "../src/canary.ts";
import { AesCustodian } from "../src/custody/aes-custodian.ts";
import type { ActiveCustodian } from "../src/custody/custodian.ts";
import { CountingCustodian } from "./counting-custodian.ts";
import { silentLog as log } from "./silent-log.ts";

/** Custodian of one version, whose KEK is `fill` throughout. */
function holding(kekByVersion: Record<number, number>): AesCustodian {
  const entries = Object.entries(kekByVersion).map(([version, fill]) => {
    return [Number(version), new Secret(Buffer.alloc(32, fill))] as const;
  });
  return new AesCustodian({ versions: new Map(entries), activeVersion: entries[0]?.[0] ?? 0 });
}

/** A key store with versions of its own: wraps with the newest, opens from the oldest on. It hides nothing. */
class Generations implements ActiveCustodian {
  readonly activeKey = { provider: "transit", keyId: "kek", keyVersion: 0 } as const;
  readonly readableKeys = [this.activeKey];
  newest = 1;
  oldest = 1;

  keyNamed() {
    return this.activeKey;
  }

  async start() {
    await Promise.resolve();
  }

  async check() {
    await Promise.resolve();
  }

  async wrap(payload: Uint8Array) {
    await Promise.resolve();
    if (this.newest === 0) throw new Fault("keys.denied", "wraps no more");
    return Buffer.concat([Buffer.of(this.newest), payload]);
  }

  async unwrap(wrapped: Uint8Array) {
    await Promise.resolve();
    if ((wrapped[0] ?? 0) < this.oldest) throw new Fault("keys.denied", "too old");
    return wrapped.slice(1);
  }

  checkValue() {
    return undefined;
  }

  async [Symbol.asyncDispose]() {
    await Promise.resolve();
  }
}

describe("checkCanaries", () => {
  let parent: string;
  let folder: string;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), "canary-"));
    folder = join(parent, "data", "keys");
  });
  afterEach(() => rm(parent, { recursive: true }));

  it("leaves a canary for each version at the first start, readable by its owner alone, and keeps it", async () => {
    await checkCanaries(holding({ 1: 0x11, 2: 0x22 }), { folder, log });
    const names = await readdir(folder);
    assert.equal(names.length, 2);
    const texts = () => Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
    const before = await texts();
    assert.equal((await stat(join(folder, names[0] ?? ""))).mode & 0o777, 0o600);
    await checkCanaries(holding({ 1: 0x11, 2: 0x22 }), { folder, log });
    assert.deepEqual(await texts(), before);
    assert.equal((await readdir(folder)).length, 2);
  });

  it("finds a wrong KEK and names its version, while others are right", async () => {
    await checkCanaries(holding({ 1: 0x11, 2: 0x22, 3: 0x33 }), { folder, log });
    await assert.rejects(
      checkCanaries(holding({ 1: 0x11, 2: 0x21, 3: 0x34 }), { folder, log }),
      (error) => {
        assert.ok(isFault(error, "config.invalid"));
        assert.match(error.message, /^key version 2 .*\nkey version 3 /);
        return true;
      },
    );
  });

  it("finds two KEKs that were exchanged", async () => {
    await checkCanaries(holding({ 1: 0x11, 2: 0x22 }), { folder, log });
    await assert.rejects(checkCanaries(holding({ 1: 0x22, 2: 0x11 }), { folder, log }));
  });

  it("takes a damaged canary for a wrong key, and does not write over it", async () => {
    await checkCanaries(holding({ 1: 0x11 }), { folder, log });
    const [name = ""] = await readdir(folder);
    for (const damaged of ["", "{}", '{"wrappedKey":"AAAA"}']) {
      await writeFile(join(folder, name), damaged);
      await assert.rejects(checkCanaries(holding({ 1: 0x11 }), { folder, log }), (error) =>
        isFault(error, "config.invalid"),
      );
      assert.equal(await readFile(join(folder, name), "utf8"), damaged);
    }
  });

  it("lets one of two first starts with different KEKs fail", async () => {
    const starts = [holding({ 1: 0x11 }), holding({ 1: 0x12 })];
    const results = await Promise.allSettled(
      starts.map((each) => checkCanaries(each, { folder, log })),
    );
    assert.deepEqual(results.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
    assert.equal((await readdir(folder)).length, 1);
  });

  it("refuses a folder it cannot use", async () => {
    await mkdir(join(parent, "data"));
    await writeFile(folder, "a file");
    await assert.rejects(checkCanaries(holding({ 1: 0x11 }), { folder, log }), (error) => {
      return isFault(error, "config.invalid") && error.message.includes(folder);
    });
  });

  it("proves a version that was away at the start before it first writes", async () => {
    class Elsewhere extends CountingCustodian {
      isAway = false;
      override async wrap(...asked: Parameters<CountingCustodian["wrap"]>) {
        if (this.isAway && asked[1].key.keyVersion === 1)
          throw new Fault("keys.unavailable", "away");
        return await super.wrap(...asked);
      }
    }
    const custodian = new Elsewhere([1, 2], 2);
    const [one, two] = custodian.readableKeys;
    assert.ok(one && two);
    custodian.isAway = true;
    const prove = await checkCanaries(custodian, { folder, log });
    assert.equal((await readdir(folder)).length, 1);
    await assert.rejects(async () => await prove(one), { code: "keys.unavailable" });
    custodian.isAway = false;
    await prove(one);
    assert.equal((await readdir(folder)).length, 2);
    const { calls } = custodian;
    await prove(one);
    await prove(two);
    assert.equal(custodian.calls, calls);
  });

  it("refuses to let a version write that is not the one of before", async () => {
    await checkCanaries(holding({ 1: 0x11 }), { folder, log });
    const other = holding({ 2: 0x22 });
    const prove = await checkCanaries(other, { folder, log });
    const impostor = { ...other.activeKey, keyVersion: 1 };
    await assert.rejects(async () => await prove(impostor), { code: "keys.unknown-key" });
    const exchanged = holding({ 2: 0x22, 1: 0x12 });
    Object.assign(exchanged, { readableKeys: [exchanged.activeKey].slice(1) });
    const again = await checkCanaries(exchanged, { folder, log });
    await assert.rejects(async () => await again(impostor), {
      code: "keys.denied",
      message: /is not the key/,
    });
  });

  it("wraps the canary anew where the store has versions of its own, so that the former ones may be retired", async () => {
    const custodian = new Generations();
    await checkCanaries(custodian, { folder, log });
    custodian.newest = 2;
    await checkCanaries(custodian, { folder, log });
    custodian.oldest = 2;
    await checkCanaries(custodian, { folder, log });
    custodian.oldest = custodian.newest = 3;
    await assert.rejects(checkCanaries(custodian, { folder, log }), {
      code: "config.invalid",
      message: /no longer opens its canary/,
    });
  });

  it("leaves a canary as it is where its key opens and wraps no more", async () => {
    const custodian = new Generations();
    await checkCanaries(custodian, { folder, log });
    custodian.newest = 0;
    await checkCanaries(custodian, { folder, log });
    assert.equal((await readdir(folder)).length, 1);
  });

  it("leaves nothing beside a canary that can't be put in its place", async () => {
    const custodian = new Generations();
    await checkCanaries(custodian, { folder, log });
    const [name = ""] = await readdir(folder);
    const wrap = custodian.wrap.bind(custodian);
    custodian.wrap = async (payload) => {
      await rm(join(folder, name));
      await mkdir(join(folder, name));
      return await wrap(payload);
    };
    await assert.rejects(checkCanaries(custodian, { folder, log }), { code: "config.invalid" });
    assert.deepEqual(await readdir(folder), [name]);
  });

  it("does not blame the key when the custodian fails", async () => {
    const custodian = new CountingCustodian([1]);
    await checkCanaries(custodian, { folder, log });
    custodian.failure = new Error("away");
    await assert.rejects(checkCanaries(custodian, { folder, log }), /away/);
  });
});
