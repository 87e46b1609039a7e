import assert from "node:assert/strict";
import { createCipheriv } from "node:crypto";
import { describe, it } from "node:test";
import { LegacyMemoryKey } from "../../src/custody/legacy-memory-key.ts";
import { is } from "../issued-header.ts";
import { DATA_KEY, KEK, MEMORY_WRAPPED, spoiled } from "../legacy/known-answers.ts";

/** RFC 3394, as that key store wrapped. */
function wrapped(masterKey: Buffer): Buffer {
  const name = `id-aes${masterKey.length * 8}-wrap`;
  const cipher = createCipheriv(name, masterKey, Buffer.alloc(8, 0xa6));
  return Buffer.concat([cipher.update(DATA_KEY), cipher.final()]);
}

describe("the master key of memory", () => {
  it("opens the known answer, its own white space aside", () => {
    for (const text of [KEK.toString("hex"), ` ${KEK.toString("hex").toUpperCase()}\n`]) {
      const opened = new LegacyMemoryKey(text).unwrap(MEMORY_WRAPPED);
      assert.deepEqual(Buffer.from(opened), DATA_KEY);
    }
  });

  it("may have 16, 24 or 32 bytes, as hex or as characters", () => {
    for (const size of [16, 24, 32]) {
      const characters = "not hexadecimal, but long enough".slice(0, size);
      for (const [text, bytes] of [
        [characters, Buffer.from(characters)],
        ["ab".repeat(size), Buffer.alloc(size, 0xab)],
      ] as const) {
        const opened = new LegacyMemoryKey(text).unwrap({
          ...MEMORY_WRAPPED,
          wrappedKey: wrapped(bytes),
        });
        assert.deepEqual(Buffer.from(opened), DATA_KEY);
      }
    }
  });

  it("takes hex of half its size for hex: 32 digits are 16 bytes", () => {
    const text = "0123456789abcdef0123456789abcdef";
    const wrappedKey = wrapped(Buffer.from(text, "hex"));
    const opened = new LegacyMemoryKey(text).unwrap({ ...MEMORY_WRAPPED, wrappedKey });
    assert.deepEqual(Buffer.from(opened), DATA_KEY);
  });

  it("opens nothing that is not genuine", () => {
    const key = new LegacyMemoryKey(KEK.toString("hex"));
    const good = Buffer.from(MEMORY_WRAPPED.wrappedKey);
    for (const wrappedKey of [
      spoiled(good),
      good.subarray(0, 32),
      good.subarray(0, 39),
      Buffer.alloc(0),
      wrapped(Buffer.alloc(32, 1)),
    ]) {
      assert.throws(() => key.unwrap({ ...MEMORY_WRAPPED, wrappedKey }), is("crypto.integrity"));
    }
  });

  it("of another length is refused, and not quoted", () => {
    for (const text of ["", "short secret", "ab".repeat(20), "x".repeat(33)]) {
      assert.throws(
        () => new LegacyMemoryKey(text),
        (error) => is("config.invalid")(error) && !(text && String(error).includes(text)),
      );
    }
  });
});
