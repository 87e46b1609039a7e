import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "../../src/faults.ts";
import { decodeAnswer, encodeAnswer, wipeAnswer } from "../../src/trust/answer-bytes.ts";

const isBug = (error: unknown) => isFault(error, "internal.bug");
/** As text; a Buffer would write itself down otherwise than other bytes. */
const plain = (value: unknown) =>
  JSON.stringify(value, function (this: Record<string, unknown>, name: string, member: unknown) {
    const raw = this[name];
    return raw instanceof Uint8Array ? Buffer.from(raw).toString("hex") : member;
  });

describe("answer bytes", () => {
  const answers = {
    "no bytes": { header: "ä", n: 1, nothing: null },
    "bytes among others": { dataKey: Uint8Array.of(1, 2, 3), keyId: "k", keyVersion: 2 },
    "bytes in lists": { dataKeys: [Uint8Array.of(1), Uint8Array.of(), Uint8Array.of(2, 3)] },
    "bytes in objects in lists": {
      answers: [{ dataKey: Uint8Array.of(7) }, { fault: { code: "x" } }],
    },
    nothing: {},
  };
  for (const [name, answer] of Object.entries(answers)) {
    it(`give back an answer with ${name}`, () => {
      assert.equal(plain(decodeAnswer(encodeAnswer(answer))), plain(answer));
    });
  }

  it("hold a key once, raw, in memory of their own, and the decoded answer is a view of it", () => {
    const dataKey = Uint8Array.from({ length: 32 }, (_, n) => n + 100);
    const encoded = encodeAnswer({ dataKey });
    assert.equal(encoded.indexOf(dataKey), encoded.lastIndexOf(dataKey));
    assert.notEqual(encoded.indexOf(dataKey), -1);
    assert.equal(encoded.buffer.byteLength, encoded.byteLength);
    wipeAnswer(decodeAnswer(encoded));
    assert.equal(encoded.indexOf(dataKey), -1);
    assert.equal(dataKey[0], 100);
  });

  it("are refused when cut, or when they say what is not there", () => {
    const encoded = encodeAnswer({ dataKey: Uint8Array.of(1, 2, 3) });
    for (let length = 0; length < encoded.byteLength; length += 1) {
      const cut = encoded.subarray(0, length);
      assert.throws(() => decodeAnswer(cut), isBug, String(length));
    }
    assert.throws(() => decodeAnswer(Buffer.of(0, 0, 0, 1, 0x7b)), isBug);
  });
});

describe("wipeAnswer", () => {
  it("overwrites all bytes of an answer, wherever they are", () => {
    const [one, two] = [Buffer.alloc(3, 1), Buffer.alloc(3, 2)];
    wipeAnswer({ one, list: [{ two }], text: "t" });
    assert.deepEqual([one, two], [Buffer.alloc(3), Buffer.alloc(3)]);
  });
});
