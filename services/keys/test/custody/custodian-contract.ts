/** What every custodian must do: one suite, run over each of them, on the real key store where there is one. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import type { ActiveCustodian, KeyRef } from "../../src/custody/custodian.ts";

/** Custodians to try. */
export interface Tried extends AsyncDisposable {
  /** Started by the suite. */
  readonly custodian: ActiveCustodian;
  /** Calls its key the same and holds another one. */
  readonly impostor: ActiveCustodian;
}

/** How the suite is run. */
export interface ContractOptions {
  /** Every which byte is flipped and where is cut; 1 where it costs nothing. Default 1. */
  readonly everyByte?: number;
}

const isIntegrity = (error: unknown) => isFault(error, "crypto.integrity");

/** Runs the suite over what `open` makes. */
export function describeCustodian(
  name: string,
  open: () => Promise<Tried>,
  { everyByte = 1 }: ContractOptions = {},
): void {
  describe(`${name} as a custodian`, () => {
    const payload = Buffer.concat([Buffer.of(1), randomBytes(64)]);
    const binding = randomBytes(32);
    let tried: Tried | undefined;
    let custodian: ActiveCustodian;
    let impostor: ActiveCustodian;
    const use = () => ({ key: custodian.activeKey, binding });
    before(async () => {
      tried = await open();
      ({ custodian, impostor } = tried);
      await custodian.start();
      await impostor.start();
    });
    after(async () => await tried?.[Symbol.asyncDispose]());

    it("opens what it wrapped, never wraps alike, and leaves the payload as it was", async () => {
      const given = Buffer.from(payload);
      const wraps = await Promise.all(
        Array.from({ length: 8 }, () => custodian.wrap(given, use())),
      );
      assert.deepEqual(given, payload);
      assert.equal(new Set(wraps.map((wrapped) => Buffer.from(wrapped).toString("hex"))).size, 8);
      for (const wrapped of wraps) {
        assert.deepEqual(Buffer.from(await custodian.unwrap(wrapped, use())), payload);
        assert.ok(!Buffer.from(wrapped).includes(payload.subarray(1, 33)));
      }
    });

    it("adds a tag at least, and fits into a header", async () => {
      const { byteLength } = await custodian.wrap(payload, use());
      assert.ok(byteLength >= 81 && byteLength <= 1400, String(byteLength));
    });

    it("does not open what is bound to something else", async () => {
      const wrapped = await custodian.wrap(payload, use());
      for (const other of [randomBytes(32), flipped(binding, 0), flipped(binding, 31)]) {
        const elsewhere = { ...use(), binding: other };
        await assert.rejects(custodian.unwrap(wrapped, elsewhere), isIntegrity);
      }
    });

    it("does not open what another key of the same name wrapped", async () => {
      const forged = await impostor.wrap(payload, { key: impostor.activeKey, binding });
      await assert.rejects(custodian.unwrap(forged, use()), isIntegrity);
    });

    it("does not open what was changed, cut or lengthened", async () => {
      const wrapped = Buffer.from(await custodian.wrap(payload, use()));
      const last = wrapped.byteLength - 1;
      for (
        let at = 0;
        at <= last;
        at += at + everyByte > last && at < last ? last - at : everyByte
      ) {
        const changed = custodian.unwrap(flipped(wrapped, at), use());
        await assert.rejects(changed, isIntegrity, `byte ${at}`);
        await assert.rejects(custodian.unwrap(wrapped.subarray(0, at), use()), isIntegrity);
      }
      for (const more of [Buffer.of(0), Buffer.from("=")]) {
        const longer = Buffer.concat([wrapped, more]);
        await assert.rejects(custodian.unwrap(longer, use()), isIntegrity);
      }
    });

    it("knows its active key by name, and no key that was not configured", async () => {
      const key = custodian.activeKey;
      assert.deepEqual(custodian.keyNamed({ ...key }), key);
      const others: KeyRef[] = [
        { ...key, keyVersion: key.keyVersion + 77 },
        { ...key, keyId: `${key.keyId}x` },
        { ...key, provider: key.provider === "kmip" ? "aes" : "kmip" },
      ];
      for (const other of others) assert.equal(custodian.keyNamed(other), undefined);
      const unknown = { key: { ...key, keyVersion: key.keyVersion + 77 }, binding };
      const isUnknown = (error: unknown) => isFault(error, "keys.unknown-key");
      await assert.rejects(custodian.wrap(payload, unknown), isUnknown);
      await assert.rejects(custodian.unwrap(Buffer.alloc(125, 7), unknown), isUnknown);
    });

    it("says nothing of the payload when it refuses", async () => {
      const wrapped = await custodian.wrap(payload, use());
      const elsewhere = { ...use(), binding: randomBytes(32) };
      await assert.rejects(custodian.unwrap(wrapped, elsewhere), (error) => {
        assert.ok(error instanceof Error);
        const said = `${error.message} ${error.stack ?? ""} ${JSON.stringify(error)} ${String(error.cause)}`;
        for (const encoding of ["hex", "base64", "latin1"] as const) {
          assert.ok(!said.includes(payload.subarray(1, 33).toString(encoding)));
        }
        return true;
      });
    });

    it("is healthy", async () => {
      await custodian.check();
    });
  });
}

function flipped(bytes: Uint8Array, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
