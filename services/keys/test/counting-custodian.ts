/** Custodians for tests: fixed AES keys, counted, and made to fail on demand. */
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { AesCustodian } from "../src/custody/aes-custodian.ts";
import type { KeyRef } from "../src/custody/custodian.ts";

/** The KEK of a version. */
export function kekOf(version: number): Secret<Buffer> {
  return new Secret(Buffer.alloc(32, version));
}

/** An AES custodian that counts its calls; `failure`, once set, is what every call rejects with. */
export class CountingCustodian extends AesCustodian {
  calls = 0;
  failure: Error | undefined;

  constructor(versions: readonly number[] = [1, 2], activeVersion = Math.max(...versions)) {
    super({
      versions: new Map(versions.map((version) => [version, kekOf(version)])),
      activeVersion,
    });
  }

  override async wrap(payload: Uint8Array, use: { key: KeyRef; binding: Uint8Array }) {
    this.calls += 1;
    if (this.failure) throw this.failure;
    return await super.wrap(payload, use);
  }

  override async unwrap(wrappedKey: Uint8Array, use: { key: KeyRef; binding: Uint8Array }) {
    this.calls += 1;
    if (this.failure) throw this.failure;
    return await super.unwrap(wrappedKey, use);
  }

  override async check(): Promise<void> {
    if (this.failure) throw this.failure;
    await super.check();
  }
}
