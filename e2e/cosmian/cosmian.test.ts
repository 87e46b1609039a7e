/** Keys in a real Cosmian KMS, as JSON and as binary KMIP: the rules of every custodian, its own rotations, and what format 1 wrapped. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { configuredKmip } from "../../services/keys/src/custody/configured-kmip.ts";
import {
  binding,
  describeRealCustodian,
  is,
  payload,
  realCustodian,
} from "../real-custodian-contract.ts";
import { type Cosmian, kmipStructure, kmipValue, startCosmian } from "../servers/cosmian.ts";
import { KmipOperator, kmipSettings } from "../servers/kmip-keys.ts";
import { onlyVersions } from "../servers/kmip-versions.ts";
import { makeScratch } from "../servers/place.ts";
import { openRelay } from "../servers/relay.ts";
import { makeTestPki, type TestPki } from "../servers/test-pki.ts";

const WAYS = ["url", "endpoint"] as const;
const custodianOf = (settings: Record<string, string>) =>
  realCustodian(configuredKmip, { KEY_MANAGER_PROVIDER: "cosmian", ...settings });

for (const way of WAYS) {
  describeRealCustodian(`KMIP of a real Cosmian KMS by its ${way}`, async (opening) => {
    const scratch = opening.use(await makeScratch("cosmian-pki"));
    const pki = await makeTestPki(scratch.folder);
    return async () => {
      const server = opening.use(await startCosmian(pki));
      await server.makeKey("kek");
      return await custodianOf(kmipSettings(server[way], "kek", pki));
    };
  });
}

describe("KMIP of a real Cosmian KMS", () => {
  const stack = new AsyncDisposableStack();
  let pki: TestPki;
  let server: Cosmian;
  let operator: KmipOperator;
  before(async () => {
    const scratch = stack.use(await makeScratch("cosmian-pki"));
    pki = await makeTestPki(scratch.folder);
    server = stack.use(await startCosmian(pki));
    operator = new KmipOperator({ port: server.port, ...(await pki.clientOptions()) });
  });
  after(() => stack.disposeAsync());

  for (const version of ["2.1", "2.0", "1.4"] as const) {
    it(`works with version ${version} of binary KMIP where the server knows no newer one`, async () => {
      const spoken = new Set<string>();
      await using relay = await openRelay({ port: server.port, pki });
      relay.treatment = onlyVersions([version], (name) => spoken.add(name));
      const at = `127.0.0.1:${relay.port}`;
      await using custodian = await custodianOf(kmipSettings(at, await operator.makeKey(), pki));
      await custodian.start();
      assert.deepEqual([...spoken], [version]);
    });
  }

  for (const way of WAYS) {
    it(`opens by its ${way} what a key wrapped before a newer one was made of it`, async () => {
      const old = await operator.makeKey();
      await using then = await custodianOf(kmipSettings(server[way], `${old}:1`, pki));
      await then.start();
      const use = { key: then.activeKey, binding };
      const wrapped = await then.wrap(payload, use);
      const fresh = await operator.rekey(old);
      assert.notEqual(fresh, old);
      await assert.rejects(then.wrap(payload, use), is("keys.denied"));
      await using now = await custodianOf(kmipSettings(server[way], `${fresh}:2,${old}:1`, pki));
      await now.start();
      assert.deepEqual(Buffer.from(await now.unwrap(wrapped, use)), payload);
    });

    it(`goes on by its ${way} where the server renews a set of keys`, async () => {
      const name = `set-${way}`;
      await server.makeKey(name, { isSet: true });
      await using custodian = await custodianOf(kmipSettings(server[way], name, pki));
      await custodian.start();
      const use = { key: custodian.activeKey, binding };
      const old = await custodian.wrap(payload, use);
      assert.equal(await operator.rekey(name), `${name}@1`);
      const fresh = await custodian.wrap(payload, use);
      for (const wrapped of [old, fresh]) {
        assert.deepEqual(Buffer.from(await custodian.unwrap(wrapped, use)), payload);
      }
      const elsewhere = { ...use, binding: Buffer.alloc(32) };
      await assert.rejects(custodian.unwrap(fresh, elsewhere), is("crypto.integrity"));
      // What the newest wrapped needs none of those before it.
      await operator.revoke(name);
      await operator.destroy(name);
      assert.deepEqual(Buffer.from(await custodian.unwrap(fresh, use)), payload);
      await assert.rejects(custodian.unwrap(old, use));
    });

    it(`opens by its ${way} what format 1 wrapped by AES key wrap`, async () => {
      const dataKey = Buffer.alloc(32, 0x42);
      const [first, second] = [await operator.makeKey(), await operator.makeKey()];
      for (const mode of ["NISTKeyWrap", "AESKeyWrapPadding"]) {
        const parameters = kmipStructure(
          "CryptographicParameters",
          kmipValue("BlockCipherMode", "Enumeration", mode),
          kmipValue("CryptographicAlgorithm", "Enumeration", "AES"),
        );
        const answer = await server.call(
          kmipStructure(
            "Encrypt",
            kmipValue("UniqueIdentifier", "TextString", second),
            parameters,
            kmipValue("Data", "ByteString", dataKey.toString("hex").toUpperCase()),
          ),
        );
        const wrappedKey = Buffer.from(
          /"Data".*?"value":\s*"(\w+)"/.exec(answer)?.[1] ?? "",
          "hex",
        );
        assert.equal(wrappedKey.byteLength, 40);
        await using custodian = await custodianOf(
          kmipSettings(server[way], `${first},${second}`, pki),
        );
        for (const named of [second, first, "unheard-of"]) {
          const wrapped = { wrappedKey, keyId: named, keyVersion: "" };
          assert.deepEqual(
            Buffer.from(await custodian.unwrapLegacy(wrapped, () => false)),
            dataKey,
          );
        }
        await using narrow = await custodianOf({
          ...kmipSettings(server[way], `${first},${second}`, pki),
          KEY_MANAGER_DUAL_READ_WINDOW: "0",
        });
        const misnamed = { wrappedKey, keyId: first, keyVersion: "" };
        await assert.rejects(
          narrow.unwrapLegacy(misnamed, () => false),
          is("crypto.integrity"),
        );
      }
    });

    it(`is denied by its ${way} a key that is not there or was destroyed`, async () => {
      await using missing = await custodianOf(kmipSettings(server[way], "nowhere", pki));
      await assert.rejects(missing.start(), is("keys.denied"));
      const gone = await operator.makeKey();
      await using custodian = await custodianOf(kmipSettings(server[way], gone, pki));
      const use = { key: custodian.activeKey, binding };
      const wrapped = await custodian.wrap(payload, use);
      await operator.revoke(gone);
      await assert.rejects(custodian.wrap(payload, use), is("keys.denied"));
      assert.deepEqual(Buffer.from(await custodian.unwrap(wrapped, use)), payload);
      await operator.destroy(gone);
      await assert.rejects(custodian.unwrap(wrapped, use), is("keys.denied"));
    });
  }
});
