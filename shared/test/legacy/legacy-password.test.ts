import assert from "node:assert/strict";
import { argon2Sync, pbkdf2Sync } from "node:crypto";
import { describe, it } from "node:test";
import { openPasswordEnvelope, parsePasswordEnvelope } from "../../src/legacy/legacy-password.ts";
import { DATA_KEY, PASSWORD } from "./vector-seal.ts";

const KNOWN = [
  "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl9gYWJjZGVmZ2hpams3mR5Tp8F1EeoIE0jNto8W5D1fbzU52LOX5bTgSwhyuQ/CwJdIchsieLoLLhEEWZ8=",
  "AAknwEBBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5fYGFiY2RlZmdoaWprXc9npVDvlJAz6NvwjD/KLXRMdbCraasnwEubaunuVKD8woKEXRECDFbVc+gd008n",
  "AAAAAQAACSfAQEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl9gYWJjZGVmZ2hpamtdz2elUO+UkDPo2/CMP8otdEx1sKtpqyfAS5tq6e5UoPzCgoRdEQIMVtVz6B3TTyc=",
  "AAAAAQEAAAACAABMAAFAQUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVpbXF1eX2BhYmNkZWZnaGlqa9Z4McK6LxU/6nmgS2n7Hq8eQMXQ6V1yUnfNbM2X1QEuyu6zaW6EWVv0SrNWKeyTfQ==",
];

function derived({ kdf, salt }: ReturnType<typeof parsePasswordEnvelope>): Buffer {
  if (kdf.algorithm === "pbkdf2-sha256") {
    return pbkdf2Sync(PASSWORD, salt, kdf.iterations, 32, "sha256");
  }
  const { passes, memoryKiB: memory, lanes: parallelism } = kdf;
  const work = { passes, memory, parallelism, tagLength: 32 };
  return argon2Sync("argon2id", { ...work, message: PASSWORD, nonce: salt });
}

describe("data keys wrapped under a password", () => {
  it("open in each of the four layouts", () => {
    for (const known of KNOWN) {
      const envelope = parsePasswordEnvelope(Buffer.from(known, "base64"));
      assert.ok(openPasswordEnvelope(envelope, derived(envelope)).equals(DATA_KEY));
      assert.throws(() => openPasswordEnvelope(envelope, Buffer.alloc(32)), {
        code: "crypto.integrity",
      });
    }
  });

  it("of another length or kind are refused", () => {
    const [, , second = ""] = KNOWN;
    const other = Buffer.from(second, "base64");
    other.writeUInt8(9, 4);
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(91), Buffer.alloc(200), other]) {
      assert.throws(() => parsePasswordEnvelope(bytes), { code: "crypto.integrity" });
    }
  });
});
