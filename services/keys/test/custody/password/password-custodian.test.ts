import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { KdfWork } from "@s3eg/shared/contracts/keys.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { checkCanaries } from "../../../src/canary.ts";
import { AesCustodian } from "../../../src/custody/aes-custodian.ts";
import { Custodians } from "../../../src/custody/custodians.ts";
import { EPOCH_MS } from "../../../src/custody/password/epochs.ts";
import { keyIdOf } from "../../../src/custody/password/kdf.ts";
import {
  PasswordCustodian,
  PasswordReader,
} from "../../../src/custody/password/password-custodian.ts";
import { kekOf } from "../../counting-custodian.ts";
import { is } from "../../issued-header.ts";
import { silentLog as log } from "../../silent-log.ts";
import { describeCustodian } from "../custodian-contract.ts";

const pbkdf2: KdfWork = { algorithm: "pbkdf2-sha256", iterations: 600_000 };
const argon2id: KdfWork = { algorithm: "argon2id", passes: 1, memoryKiB: 19_456, lanes: 1 };
const payload = Buffer.alloc(65, 0x55);
const binding = Buffer.alloc(32, 0xaa);

const passwords = (text: string) => new Map([[1, new Secret(Buffer.from(text))]]);

let parent: string;
before(async () => {
  parent = await mkdtemp(join(tmpdir(), "password-"));
});
after(() => rm(parent, { recursive: true }));

for (const work of [pbkdf2, argon2id]) {
  describeCustodian(`PasswordCustodian with ${work.algorithm}`, async () => {
    await Promise.resolve();
    const writing = { activeVersion: 1, work, folder: join(parent, work.algorithm), log };
    const custodian = new PasswordCustodian(passwords("correct horse battery"), writing);
    const impostor = new PasswordCustodian(passwords("correct horse batterz"), writing);
    return {
      custodian,
      impostor,
      async [Symbol.asyncDispose]() {
        await custodian[Symbol.asyncDispose]();
        await impostor[Symbol.asyncDispose]();
      },
    };
  });
}

describe("PasswordCustodian", () => {
  const opened = (folder: string, now: () => number = Date.now) =>
    new PasswordCustodian(passwords("correct horse battery"), {
      activeVersion: 1,
      work: argon2id,
      folder: join(parent, folder),
      log,
      now,
    });

  it("keeps its epoch over a restart, and has a check value that tells passwords apart", async () => {
    const first = opened("restart");
    await first.start();
    const again = opened("restart");
    await again.start();
    assert.deepEqual(again.activeKey, first.activeKey);
    assert.deepEqual(again.readableKeys, [first.activeKey]);
    assert.match(again.checkValue(again.activeKey) ?? "", /^[0-9a-f]{16}$/);
    assert.equal(again.checkValue(again.activeKey), first.checkValue(first.activeKey));
    for (const custodian of [first, again]) await custodian[Symbol.asyncDispose]();
  });

  it("begins a new epoch when the old one is over, and opens what was wrapped in that", async () => {
    let nowMs = Date.now();
    const custodian = opened("over", () => nowMs);
    await custodian.start();
    const old = custodian.activeKey;
    const wrapped = await custodian.wrap(payload, { key: old, binding });
    nowMs += EPOCH_MS;
    await custodian.renew();
    assert.notEqual(custodian.activeKey.keyId, old.keyId);
    assert.deepEqual(Buffer.from(await custodian.unwrap(wrapped, { key: old, binding })), payload);
    await custodian[Symbol.asyncDispose]();
  });

  it("goes on writing whatever key ids are made up", async () => {
    const custodian = opened("flooded");
    await custodian.start();
    const made = Array.from({ length: 200 }, (_, n) => {
      const work: KdfWork = { ...argon2id, memoryKiB: 8 };
      return { ...custodian.activeKey, keyId: keyIdOf({ work, salt: Buffer.alloc(16, n) }) };
    });
    const results = await Promise.allSettled(
      made.map((key) => custodian.unwrap(Buffer.alloc(125, 1), { key, binding })),
    );
    const refused = results.filter(
      (result) => result.status === "rejected" && is("limit.busy")(result.reason),
    );
    assert.ok(refused.length > 0);
    await custodian.wrap(payload, { key: custodian.activeKey, binding });
    await custodian[Symbol.asyncDispose]();
  });

  it("refuses to write with a password that is not there", () => {
    const writing = { activeVersion: 2, work: argon2id, folder: parent, log };
    assert.throws(
      () => new PasswordCustodian(passwords("correct horse battery"), writing),
      is("config.invalid"),
    );
  });
});

describe("PasswordReader", () => {
  it("opens what a custodian of the same password wrapped, with other work too", async () => {
    const writing = { activeVersion: 1, work: argon2id, folder: join(parent, "reader"), log };
    const custodian = new PasswordCustodian(passwords("correct horse battery"), writing);
    await custodian.start();
    const key = custodian.activeKey;
    const wrapped = await custodian.wrap(payload, { key, binding });
    await custodian[Symbol.asyncDispose]();
    const reader = new PasswordReader(passwords("correct horse battery"));
    await reader.start();
    assert.deepEqual(reader.readableKeys, []);
    const named = reader.keyNamed(key);
    assert.ok(named);
    assert.deepEqual(Buffer.from(await reader.unwrap(wrapped, { key: named, binding })), payload);
    const other = new PasswordReader(passwords("correct horse batterz"));
    await assert.rejects(other.unwrap(wrapped, { key, binding }), is("crypto.integrity"));
  });

  it("names no key of another number, and none out of the limits", () => {
    const reader = new PasswordReader(passwords("correct horse battery"));
    const keyId = keyIdOf({ work: pbkdf2, salt: Buffer.alloc(16) });
    assert.ok(reader.keyNamed({ provider: "password", keyId, keyVersion: 1 }));
    assert.equal(reader.keyNamed({ provider: "password", keyId, keyVersion: 2 }), undefined);
    const weak = keyId.replace("600000", "1000");
    assert.equal(reader.keyNamed({ provider: "password", keyId: weak, keyVersion: 1 }), undefined);
  });

  it("lets others go on while it derives 50 epochs", async () => {
    const writer = new AesCustodian({ versions: new Map([[1, kekOf(1)]]), activeVersion: 1 });
    const reader = new PasswordReader(passwords("correct horse battery"));
    const both = new Custodians(writer, { readers: [reader], log });
    const epochs = Array.from({ length: 50 }, (_, n) => ({
      provider: "password" as const,
      keyId: keyIdOf({ work: argon2id, salt: Buffer.alloc(16, n) }),
      keyVersion: 1,
    }));
    let derived = 0;
    const deriving = Promise.all(
      epochs.map(async (key) => {
        await both.wrap(payload, { key, binding });
        derived += 1;
      }),
    );
    // Whoever needs no derivation is served while most of them are still to come.
    for (let n = 0; n < 200; n += 1) {
      await both.wrap(payload, { key: both.activeKey, binding });
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(derived < 50);
    await deriving;
    assert.equal(derived, 50);
  });
});

describe("another password under the same number", () => {
  it("is found at the start, by the canary of the epoch", async () => {
    const folder = join(parent, "canary");
    const writing = { activeVersion: 1, work: argon2id, folder, log };
    for (const [text, isRight] of [
      ["correct horse battery", true],
      ["correct horse battery", true],
      ["correct horse batterz", false],
    ] as const) {
      const custodian = new PasswordCustodian(passwords(text), writing);
      await custodian.start();
      const checked = checkCanaries(custodian, { folder, log });
      if (isRight) await checked;
      else await assert.rejects(checked, is("config.invalid"));
      await custodian[Symbol.asyncDispose]();
    }
  });
});
