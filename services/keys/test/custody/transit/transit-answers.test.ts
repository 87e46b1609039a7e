import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import type { FaultCode } from "@s3eg/shared/faults.ts";
import {
  ciphertextOf,
  decryptBody,
  encryptBody,
  faultOf,
  plaintextOf,
} from "../../../src/custody/transit/transit-answers.ts";
import { is } from "../../issued-header.ts";

const payload = randomBytes(65);
const binding = randomBytes(32);
const answer = (body: unknown, status = 200) => ({
  status,
  body: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)),
});

describe("the bodies of Transit", () => {
  it("carry payload and binding in base64", () => {
    assert.deepEqual(JSON.parse(encryptBody(payload, binding).toString()), {
      plaintext: payload.toString("base64"),
      associated_data: binding.toString("base64"),
    });
    assert.deepEqual(JSON.parse(decryptBody("vault:v1:x", binding).toString()), {
      ciphertext: "vault:v1:x",
      associated_data: binding.toString("base64"),
    });
  });
});

describe("ciphertextOf", () => {
  it("reads it, or says that the answer can't be read", () => {
    assert.equal(ciphertextOf(answer({ data: { ciphertext: "vault:v1:x" } })), "vault:v1:x");
    for (const body of ["", "<html>", "{}", { data: {} }, { data: { ciphertext: 1 } }]) {
      assert.throws(() => ciphertextOf(answer(body)), is("keys.unavailable"));
    }
  });
});

describe("plaintextOf", () => {
  it("gives the bytes and leaves none in the answer", () => {
    const text = payload.toString("base64");
    const got = answer({ request_id: "1", data: { plaintext: text }, warnings: null });
    assert.deepEqual(plaintextOf(got), payload);
    assert.ok(!got.body.includes(text.slice(0, 8)));
  });

  for (const [what, body] of [
    ["nothing", ""],
    ["no plaintext", { data: {} }],
    ["an empty one", { data: { plaintext: "" } }],
    ["one that is no base64", { data: { plaintext: "a*==" } }],
    ["one in another place", { plaintext: "AAAA", data: {} }],
    [
      "one before the real one",
      { warnings: { plaintext: "AAAAAAAA" }, data: { plaintext: "AAAA" } },
    ],
    ["one that does not end", '{"data":{"plaintext":"AAAA'],
  ] as const) {
    it(`takes no answer with ${what}`, () => {
      assert.throws(() => plaintextOf(answer(body)), is("keys.unavailable"));
    });
  }
});

describe("faultOf", () => {
  const cases: readonly (readonly [number, string, FaultCode])[] = [
    [400, "cipher: message authentication failed", "crypto.integrity"],
    [400, "invalid ciphertext: no prefix", "crypto.integrity"],
    [400, "ciphertext or signature version is disallowed by policy (too old)", "keys.denied"],
    [400, "encryption key not found", "keys.denied"],
    [403, "permission denied", "keys.denied"],
    [404, "", "keys.denied"],
    [307, "", "keys.unavailable"],
    [412, "", "keys.unavailable"],
    [429, "", "keys.unavailable"],
    [500, "internal error", "keys.unavailable"],
    [501, "", "keys.unavailable"],
    [503, "Vault is sealed", "keys.unavailable"],
  ];
  for (const [status, error, code] of cases) {
    it(`makes ${code} of ${status} ${error}`, () => {
      const fault = faultOf(answer({ errors: error === "" ? [] : [error] }, status));
      assert.equal(fault.code, code);
      assert.ok(error === "" || !fault.message.includes(error));
      assert.ok(fault.cause instanceof Error && fault.cause.message.includes(error));
    });
  }

  it("reads answers of something that is no Transit", () => {
    assert.equal(faultOf(answer("<html>", 502)).code, "keys.unavailable");
  });
});
