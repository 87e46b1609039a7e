import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { liftHex } from "../../src/kmip/lifted-hex.ts";

const secret = "404142434445464748494A4B4C4D4E4F";

describe("liftHex", () => {
  it("takes long hex out of JSON, which stays JSON of the same length", () => {
    const json = Buffer.from(`{"a":"${secret}","b":["x","${secret.toLowerCase()}"]}`);
    const { length } = json;
    const lifted = liftHex(json);
    assert.ok(!json.toString().toLowerCase().includes(secret.toLowerCase()));
    const { a, b } = JSON.parse(json.toString()) as { a: string; b: string[] };
    assert.equal(json.length, length);
    assert.deepEqual(lifted.bytes(a), Buffer.from(secret, "hex"));
    assert.deepEqual(lifted.bytes(b[1] ?? ""), Buffer.from(secret, "hex"));
    assert.equal(lifted.text(b[1] ?? ""), secret.toLowerCase());
  });

  it("leaves what is short or no hex", () => {
    const before = `{"a":"4041","b":"${secret}G","c":"\\"${secret}","d":7}`;
    const json = Buffer.from(before);
    const lifted = liftHex(json);
    assert.equal(json.toString(), before);
    assert.deepEqual(lifted.bytes("4041"), Buffer.of(0x40, 0x41));
    for (const wrong of ["404", "4G", "0x40", " 40", "~~", "7~~~"]) {
      assert.equal(lifted.bytes(wrong), undefined, wrong);
    }
    assert.equal(lifted.text("4041"), "4041");
  });

  it("wipes what it took", () => {
    const json = Buffer.from(JSON.stringify({ a: secret }));
    const lifted = liftHex(json);
    const { a } = JSON.parse(json.toString()) as { a: string };
    const bytes = lifted.bytes(a);
    lifted.wipe();
    assert.deepEqual(bytes, Buffer.from(secret, "hex"));
    assert.equal(lifted.bytes(a), undefined);
  });

  it("goes on over JSON that is cut off", () => {
    for (const cut of ['{"a":"40414243444546474849', '{"a":"\\', '"', ""]) {
      liftHex(Buffer.from(cut)).wipe();
    }
  });
});
