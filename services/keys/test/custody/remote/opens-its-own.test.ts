import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import { opensItsOwn } from "../../../src/custody/remote/opens-its-own.ts";
import { is } from "../../issued-header.ts";

const same = (bytes: Uint8Array) => Promise.resolve(bytes);
const refusing = (code: "keys.denied" | "crypto.integrity" | "keys.unavailable") => () =>
  Promise.reject(new Fault(code, "no"));

describe("opensItsOwn", () => {
  it("is true of a key that gives back a payload that it was given", async () => {
    const given: number[] = [];
    const wrap = (payload: Uint8Array) => {
      given.push(payload.byteLength);
      return same(payload);
    };
    assert.equal(await opensItsOwn({ wrap, unwrap: same }), true);
    assert.deepEqual(given, [65]);
  });

  it("is false of a key that refuses either way, or gives something else", async () => {
    const other = () => Promise.resolve(Buffer.alloc(65));
    assert.equal(await opensItsOwn({ wrap: refusing("keys.denied"), unwrap: same }), false);
    assert.equal(await opensItsOwn({ wrap: same, unwrap: refusing("keys.denied") }), false);
    assert.equal(await opensItsOwn({ wrap: same, unwrap: refusing("crypto.integrity") }), false);
    assert.equal(await opensItsOwn({ wrap: same, unwrap: other }), false);
  });

  it("says nothing where nobody answers", async () => {
    const away = opensItsOwn({ wrap: same, unwrap: refusing("keys.unavailable") });
    await assert.rejects(away, is("keys.unavailable"));
  });
});
