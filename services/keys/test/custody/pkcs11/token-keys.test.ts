import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { AbsentKey, findKey, type NamedKey } from "../../../src/custody/pkcs11/token-keys.ts";
import { MemoryToken } from "./memory-token.ts";

const aes = (label: string): NamedKey => ({ mechanism: "AES-GCM", label });
const rsa = (label: string): NamedKey => ({ mechanism: "RSA-OAEP-SHA256", label });
const isDenied = (error: unknown) => isFault(error, "keys.denied");

describe("findKey", () => {
  const token = new MemoryToken();
  token.addSecret("kek", { id: Buffer.from("0a1b", "hex") });
  token.addSecret("short", { secret: Buffer.alloc(16, 1) });
  token.addSecret("loose", { isKept: false });
  for (let n = 0; n < 2; n += 1) token.addSecret("twice");
  token.addPair("pair");
  token.addPair("shy", { tells: false });
  token.C_Initialize();
  const session = token.C_OpenSession();
  token.C_Login(session, 1, token.pin);
  const find = (key: NamedKey) => findKey(token, session, key);

  it("finds a key by label and by id", () => {
    const found = find(aes("kek"));
    assert.deepEqual(found.facts, { isKept: true });
    assert.deepEqual(find({ mechanism: "AES-GCM", id: "0a1b" }).object, found.object);
  });

  it("says of a key that it may leave the token", () => {
    assert.equal(find(aes("loose")).facts.isKept, false);
  });

  it("gives the public half of a pair, from whichever object tells it", () => {
    for (const label of ["pair", "shy"]) {
      const { publicKey } = find(rsa(label)).facts;
      assert.equal(Buffer.from(publicKey?.n ?? "", "base64url").byteLength, 256);
      assert.equal(publicKey?.e, "AQAB");
    }
  });

  it("denies what is not there, not alone, or not of its kind", () => {
    assert.throws(() => find(aes("none")), AbsentKey);
    assert.throws(() => find(aes("pair")), AbsentKey);
    assert.throws(() => find(rsa("kek")), AbsentKey);
    assert.throws(() => find(aes("short")), isDenied);
    assert.throws(() => find(aes("twice")), /several keys "twice"/);
  });
});
