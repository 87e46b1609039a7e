import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  companionKeyOf,
  companionOwnerOf,
  hasRoomForCompanion,
  isMultipart,
  markOf,
  mayHaveCompanion,
} from "../../src/format/companion.ts";
import { FLAG } from "../../src/format/layout.ts";

describe("companions", () => {
  it("are named by key and header (format.md §7)", () => {
    const key = companionKeyOf("a/b\nü", "abc");
    assert.equal(key, "a/b\nü.ba7816bf8f01cfea.mpu-manifest");
    assert.deepEqual(companionOwnerOf(key), { key: "a/b\nü", mark: markOf("abc") });
  });

  it("are told from all other keys", () => {
    for (const key of [
      "a.mpu-manifest",
      ".ba7816bf8f01cfea.mpu-manifest",
      "a.ba7816bf8f01cfe.mpu-manifest",
      "a.BA7816BF8F01CFEA.mpu-manifest",
      "a.ba7816bf8f01cfea.mpu-manifest2",
      "a.ba7816bf8f01cfea-mpu-manifest",
    ]) {
      assert.equal(companionOwnerOf(key), undefined, key);
    }
  });

  it("need room in a key", () => {
    assert.equal(hasRoomForCompanion("k".repeat(994)), true);
    assert.equal(hasRoomForCompanion("k".repeat(995)), false);
    assert.equal(hasRoomForCompanion("ü".repeat(498)), false);
  });

  it("are where the header says so, and may be where all parts are taken", () => {
    assert.equal(mayHaveCompanion('"ab-3"'), false);
    assert.equal(mayHaveCompanion('"ab-3"', FLAG.multipart), false);
    assert.equal(mayHaveCompanion('"ab-3"', FLAG.multipart | FLAG.companionManifest), true);
    assert.equal(mayHaveCompanion('"ab-10000"'), true);
    assert.equal(mayHaveCompanion('"ab"'), false);
  });
});

describe("isMultipart", () => {
  it("is true with and without a companion, and with sealed metadata", () => {
    assert.deepEqual([0, 1, 2, 3, 4, 5, 7].filter(isMultipart), [1, 3, 5, 7]);
  });
});
