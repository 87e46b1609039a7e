/** What a KMIP server does with AES keys, without a server: answers like those of Cosmian KMS. The real ones run in e2e/. */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { bytes, bytesOf, childrenOf, numberOf, text, textOf } from "../../../src/kmip/item.ts";
import type { KmipTransport } from "../../../src/kmip/kmip-transport.ts";
import type { KmipAnswer, KmipQuestion } from "../../../src/kmip/messages.ts";
import { ENUMERATIONS } from "../../../src/kmip/tags.ts";

const { ResultReason, BlockCipherMode } = ENUMERATIONS;

/** A no. */
export function no(reason: keyof typeof ResultReason): KmipAnswer {
  return { reason: ResultReason[reason], said: `said: ${reason}` };
}

/** A transport with keys at its other end. */
export class KmipDouble implements KmipTransport {
  /** By what they are asked for; `answersAs` is what they call themselves. */
  readonly keys = new Map<string, { bytes: Buffer; answersAs: string }>();
  readonly asked: { operation: string; keyId: string; mode: number }[] = [];
  /** What is said of bytes that are not genuine. */
  notGenuine: keyof typeof ResultReason = "CryptographicFailure";
  /** Answers instead. */
  override: ((question: KmipQuestion) => KmipAnswer | undefined) | undefined;
  isClosed = false;

  constructor(...keyIds: string[]) {
    for (const keyId of keyIds) this.keys.set(keyId, { bytes: randomBytes(32), answersAs: keyId });
  }

  async ask(question: KmipQuestion): Promise<KmipAnswer> {
    const { payload, operation } = question;
    const keyId = textOf(payload, "UniqueIdentifier") ?? "";
    const mode = numberOf(childrenOf(payload, "CryptographicParameters"), "BlockCipherMode") ?? 0;
    this.asked.push({ operation, keyId, mode });
    const overridden = await Promise.resolve(this.override?.(question));
    if (overridden) return overridden;
    const key = this.keys.get(keyId);
    if (!key) return no("ItemNotFound");
    const given = {
      input: Buffer.from(bytesOf(payload, "Data") ?? []),
      iv: Buffer.from(bytesOf(payload, "IVCounterNonce") ?? []),
      aad: Buffer.from(bytesOf(payload, "AuthenticatedEncryptionAdditionalData") ?? []),
      tag: Buffer.from(bytesOf(payload, "AuthenticatedEncryptionTag") ?? []),
    };
    const answer = [text("UniqueIdentifier", key.answersAs)];
    if (operation === "Encrypt") {
      const cipher = createCipheriv("aes-256-gcm", key.bytes, given.iv);
      cipher.setAAD(given.aad);
      answer.push(bytes("Data", Buffer.concat([cipher.update(given.input), cipher.final()])));
      answer.push(bytes("AuthenticatedEncryptionTag", cipher.getAuthTag()));
      return { payload: answer };
    }
    try {
      answer.push(bytes("Data", opened(mode, key.bytes, given)));
      return { payload: answer };
    } catch {
      return no(this.notGenuine);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isClosed = true;
    await Promise.resolve();
  }
}

/** As RFC 3394 has it, or RFC 5649. */
export function keyWrapOf(kek: Buffer, key: Buffer, isPadded = false): Buffer {
  const [name, iv] = isPadded ? (["id-aes256-wrap-pad", "a65959a6"] as const) : KEY_WRAP;
  const cipher = createCipheriv(name, kek, Buffer.from(iv, "hex"));
  return Buffer.concat([cipher.update(key), cipher.final()]);
}

const KEY_WRAP = ["id-aes256-wrap", "a6a6a6a6a6a6a6a6"] as const;

function opened(
  mode: number,
  kek: Buffer,
  { input, iv, aad, tag }: { input: Buffer; iv: Buffer; aad: Buffer; tag: Buffer },
): Buffer {
  if (mode === BlockCipherMode.GCM) {
    const decipher = createDecipheriv("aes-256-gcm", kek, iv, { authTagLength: tag.byteLength });
    decipher.setAAD(aad);
    decipher.setAuthTag(tag);
    return Buffer.concat([decipher.update(input), decipher.final()]);
  }
  const isPadded = mode === BlockCipherMode.AESKeyWrapPadding;
  const name = isPadded ? "id-aes256-wrap-pad" : "id-aes256-wrap";
  const start = Buffer.from(isPadded ? "a65959a6" : "a6a6a6a6a6a6a6a6", "hex");
  const decipher = createDecipheriv(name, kek, start);
  return Buffer.concat([decipher.update(input), decipher.final()]);
}
