import assert from "node:assert/strict";
import { it } from "node:test";
import { ulongOf } from "../../../src/custody/pkcs11/cryptoki.ts";

it("reads an unsigned long of either size", () => {
  assert.equal(ulongOf(Buffer.from("4523010000000000", "hex")), 0x12345);
  assert.equal(ulongOf(Buffer.from("20000000", "hex")), 32);
});
