import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { GENESIS, linkLines, readLink } from "../../src/chain/chain.ts";
import { ChainKey } from "../../src/chain/chain-key.ts";
import { eventLine } from "./trail-folder.ts";

const key = new ChainKey(new Secret(new Uint8Array(32)));

describe("linkLines", () => {
  it("numbers lines, and has each name the one before; what was in them stays", () => {
    const { text, last } = linkLines([eventLine(1), eventLine(2)], GENESIS, key);
    const [first, second] = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.ok(first && second);
    assert.deepEqual(
      [first.seq, first.prev, second.seq, second.prev],
      [1, GENESIS.mac, 2, first.mac],
    );
    assert.deepEqual(last, { seq: 2, mac: second.mac });
    const { seq: _, prev: __, mac: ___, ...event } = first;
    assert.deepEqual(event, JSON.parse(eventLine(1)));
  });
});

describe("readLink", () => {
  const { text, last } = linkLines([eventLine(1)], { seq: 6, mac: "ab".repeat(32) }, key);
  const line = Buffer.from(text.trimEnd()).toString("latin1");

  it("tells the place of a line that is as it was written", () => {
    assert.deepEqual(readLink(line, key), { ...last, prev: "ab".repeat(32) });
  });

  it("knows no line in which any byte is another, and none under another key", () => {
    for (let index = 0; index < line.length; index++) {
      const other = String.fromCharCode(line.charCodeAt(index) ^ 1);
      const changed = `${line.slice(0, index)}${other}${line.slice(index + 1)}`;
      assert.equal(readLink(changed, key), undefined, String(index));
    }
    assert.equal(readLink(`${line} `, key), undefined);
    const otherKey = new ChainKey(new Secret(new Uint8Array(32).fill(1)));
    assert.equal(readLink(line, otherKey), undefined);
    assert.equal(readLink("{}", key), undefined);
  });
});
