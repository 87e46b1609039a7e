import assert from "node:assert/strict";
import {
  constants,
  createSecretKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
} from "node:crypto";
import { describe, it } from "node:test";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { RsaCustodian } from "../../src/custody/rsa-custodian.ts";
import { authenticated, envelopeKeyOf } from "../../src/custody/rsa-envelope.ts";
import { is } from "../issued-header.ts";
import { DATA_KEY, NONE_RETIRED, spoiled } from "../legacy/known-answers.ts";
import { describeCustodian } from "./custodian-contract.ts";

const rsa = (modulusLength: number) => generateKeyPairSync("rsa", { modulusLength });
const [first, second] = [rsa(2048), rsa(3072)];
const payload = Buffer.alloc(65, 0x55);
const binding = Buffer.alloc(32, 0xaa);

const holding = (privateKey: KeyObject) =>
  new RsaCustodian({ versions: new Map([[1, { privateKey }]]), activeVersion: 1 });

describeCustodian("RsaCustodian", async () => {
  await Promise.resolve();
  return {
    custodian: holding(first.privateKey),
    impostor: holding(rsa(2048).privateKey),
    async [Symbol.asyncDispose]() {
      await Promise.resolve();
    },
  };
});

describe("RsaCustodian", () => {
  const custodian = new RsaCustodian({
    versions: new Map([
      [1, { privateKey: first.privateKey }],
      [2, { privateKey: second.privateKey, envelopeKey: new Secret(Buffer.alloc(32, 3)) }],
    ]),
    activeVersion: 2,
  });
  const [one, two] = custodian.readableKeys;
  assert.ok(one && two);

  it("stores OAEP with SHA-256 and the binding as label, inside its MAC", async () => {
    const wrapped = await custodian.wrap(payload, { key: two, binding });
    assert.equal(wrapped.byteLength, 2 + 384 + 32);
    const opened = privateDecrypt(
      {
        key: second.privateKey,
        padding: constants.RSA_PKCS1_OAEP_PADDING,
        oaepHash: "sha256",
        oaepLabel: binding,
      },
      wrapped.subarray(2, 386),
    );
    assert.deepEqual(opened, payload);
  });

  it("opens each version with its own key", async () => {
    for (const key of [one, two]) {
      const wrapped = await custodian.wrap(payload, { key, binding });
      assert.deepEqual(Buffer.from(await custodian.unwrap(wrapped, { key, binding })), payload);
      const other = key === one ? two : one;
      await assert.rejects(
        custodian.unwrap(wrapped, { key: other, binding }),
        is("crypto.integrity"),
      );
    }
    assert.notEqual(custodian.checkValue(one), custodian.checkValue(two));
  });

  it("does not open what somebody made with the public key alone", async () => {
    const oaep = publicEncrypt(
      {
        key: first.publicKey,
        padding: constants.RSA_PKCS1_OAEP_PADDING,
        oaepHash: "sha256",
        oaepLabel: binding,
      },
      payload,
    );
    const forged = authenticated(oaep, { envelopeKey: createSecretKey(Buffer.alloc(32)), binding });
    await assert.rejects(custodian.unwrap(forged, { key: one, binding }), is("crypto.integrity"));
  });

  it("does not open a ciphertext of another label, even under the right MAC", async () => {
    const oaep = publicEncrypt(
      { key: first.publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" },
      payload,
    );
    const envelopeKey = createSecretKey(envelopeKeyOf(first.privateKey));
    const wrapped = authenticated(oaep, { envelopeKey, binding });
    await assert.rejects(custodian.unwrap(wrapped, { key: one, binding }), is("crypto.integrity"));
  });

  it("opens what format 1 wrapped, under the key whose public half the object names", async () => {
    const wrapped = ({ publicKey }: typeof first) => {
      const padding = constants.RSA_PKCS1_OAEP_PADDING;
      const der = publicKey.export({ type: "spki", format: "der" });
      return {
        wrappedKey: publicEncrypt({ key: publicKey, padding, oaepHash: "sha256" }, DATA_KEY),
        keyId: `self-contained-rsa-${hash("sha256", der).slice(0, 16)}`,
        keyVersion: "1",
      };
    };
    const ofSecond = wrapped(second);
    for (const each of [wrapped(first), ofSecond]) {
      assert.deepEqual(Buffer.from(await custodian.unwrapLegacy(each, NONE_RETIRED)), DATA_KEY);
    }
    const { keyId } = wrapped(first);
    for (const [wish, code] of [
      [{ keyId }, "crypto.integrity"],
      [{ keyId: "self-contained-rsa-0123456789abcdef" }, "keys.unknown-key"],
      [{ keyId: "" }, "keys.unknown-key"],
      [{ wrappedKey: spoiled(ofSecond.wrappedKey) }, "crypto.integrity"],
      [{ wrappedKey: Buffer.alloc(0) }, "crypto.integrity"],
    ] as const) {
      await assert.rejects(
        custodian.unwrapLegacy({ ...ofSecond, ...wish }, NONE_RETIRED),
        is(code),
      );
    }
    const retired = custodian.unwrapLegacy(ofSecond, ({ keyVersion }) => keyVersion === 2);
    await assert.rejects(retired, is("keys.unknown-key"));
  });

  it("refuses keys that are too small, of another kind, public, or not there", () => {
    const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    for (const key of [rsa(1024).privateKey, ec, first.publicKey]) {
      assert.throws(() => holding(key), is("config.invalid"));
    }
    const versions = new Map([[1, { privateKey: first.privateKey }]]);
    assert.throws(() => new RsaCustodian({ versions, activeVersion: 2 }), is("config.invalid"));
  });
});
