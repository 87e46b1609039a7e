import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { SUITE } from "@s3eg/shared/format/layout.ts";
import type { DataKeys } from "../src/data-keys.ts";
import { refuseUnreadable, withReadableSuites } from "../src/readable-suites.ts";
import { RunningCrypto } from "./running-crypto.ts";

const place = { bucket: "b", key: "k" };
const isDenied = (error: unknown) => isFault(error, "crypto.not-permitted");

describe("data keys where supported_algorithms names what may be read", () => {
  it("are had for a suite that may be read, and for any other keys is not even asked", async () => {
    const crypto = new RunningCrypto();
    const all = crypto.keys.dataKeys;
    const dataKeys: DataKeys = withReadableSuites(all, [SUITE.aes256Gcm]);
    const object = { place, flags: 0, size: 1 };
    const aes = await dataKeys.issue({ ...object, suite: SUITE.aes256Gcm }, "r");
    await dataKeys.open({ header: aes.header, place }, "r");
    const chacha = await all.issue({ ...object, suite: SUITE.chacha20Poly1305 }, "r");
    const { asked } = crypto.keys;
    const sealed = { header: chacha.header, place };
    await assert.rejects(dataKeys.open(sealed, "r"), isDenied);
    await assert.rejects(dataKeys.together("r").open(sealed, "r"), isDenied);
    assert.equal(crypto.keys.asked, asked);
    await all.open(sealed, "r");
  });

  it("are the ones there are where nothing is named", () => {
    const { dataKeys } = new RunningCrypto().keys;
    assert.equal(withReadableSuites(dataKeys, undefined), dataKeys);
    refuseUnreadable(SUITE.chacha20Poly1305, undefined);
    assert.throws(() => refuseUnreadable(SUITE.aes256Gcm, [SUITE.chacha20Poly1305]), isDenied);
  });
});
