import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import type { DataKeys } from "../src/data-keys.ts";
import { fipsDataKeys } from "../src/fips-data-keys.ts";
import { RunningCrypto } from "./running-crypto.ts";

const place = { bucket: "b", key: "k" };
const isDenied = (error: unknown) => isFault(error, "crypto.not-permitted");

describe("data keys under the FIPS profile", () => {
  it("are had for AES-256-GCM, and for ChaCha20-Poly1305 keys is not even asked", async () => {
    const crypto = new RunningCrypto();
    const dataKeys: DataKeys = fipsDataKeys(crypto.keys.dataKeys);
    const object = { place, flags: 0, size: 1 };
    const { header } = await dataKeys.issue({ ...object, suite: 1 }, "r");
    await dataKeys.open({ header, place }, "r");
    const other = await crypto.keys.dataKeys.issue({ ...object, suite: 2 }, "r");
    const { asked } = crypto.keys;
    await assert.rejects(dataKeys.issue({ ...object, suite: 2 }, "r"), isDenied);
    await assert.rejects(dataKeys.open({ header: other.header, place }, "r"), isDenied);
    assert.equal(crypto.keys.asked, asked);
  });
});
