/**
 * The data key of a stored object, by someone who holds the KEK: written after docs/format.md §3 to §5 alone, so that it also
 * shows that the text is enough to open what lies on the backend.
 */
import { createDecipheriv, createHash, hkdfSync } from "node:crypto";

/** Where an object lies. */
export interface StoredPlace {
  readonly bucket: string;
  readonly key: string;
}

/** A data key and the six keys that follow from it. */
export interface StoredKeys {
  readonly dataKey: Buffer;
  readonly derived: readonly Buffer[];
  readonly objectId: Buffer;
}

/** Opens the header value of an object sealed under an AES KEK. Throws when the KEK, the place or the header is another. */
export function keysOfHeader(header: string, kek: Uint8Array, place: StoredPlace): StoredKeys {
  const bytes = Buffer.from(header, "base64url");
  const [suite, flags] = [bytes.readUInt8(1), bytes.readUInt8(2)];
  const objectId = bytes.subarray(3, 35);
  const commitment = bytes.subarray(35, 67);
  const provider = prefixedAt(bytes, 83);
  const keyId = prefixedAt(bytes, 85 + provider.byteLength);
  const versionAt = 87 + provider.byteLength + keyId.byteLength;
  const keyVersion = bytes.subarray(versionAt, versionAt + 4);
  const wrappedKey = prefixedAt(bytes, versionAt + 4);
  const binding = createHash("sha256")
    .update("s3eg/2/wrap")
    .update(prefixed(provider))
    .update(prefixed(keyId))
    .update(keyVersion)
    .update(Uint8Array.of(flags))
    .update(objectId)
    .update(commitment)
    .update(prefixed(Buffer.from(place.bucket)))
    .update(prefixed(Buffer.from(place.key)))
    .digest();
  const dataKey = unwrap(wrappedKey, kek, binding).subarray(1, 33);
  const info = Buffer.concat([Buffer.from("s3eg/2"), Uint8Array.of(suite, flags & 1)]);
  const okm = Buffer.from(hkdfSync("sha256", dataKey, objectId, info, 192));
  if (!okm.subarray(0, 32).equals(commitment)) throw new Error("the header commits to another key");
  const derived = [1, 2, 3, 4, 5].map((n) => okm.subarray(n * 32, (n + 1) * 32));
  return { dataKey, derived, objectId };
}

function unwrap(wrappedKey: Buffer, kek: Uint8Array, binding: Buffer): Buffer {
  const salt = wrappedKey.subarray(0, 32);
  const key = Buffer.from(hkdfSync("sha256", kek, salt, "s3eg/2/kek", 32));
  const decipher = createDecipheriv("aes-256-gcm", key, wrappedKey.subarray(32, 44), {
    authTagLength: 16,
  });
  decipher.setAAD(binding);
  decipher.setAuthTag(wrappedKey.subarray(-16));
  return Buffer.concat([decipher.update(wrappedKey.subarray(44, -16)), decipher.final()]);
}

function prefixedAt(bytes: Buffer, at: number): Buffer {
  return bytes.subarray(at + 2, at + 2 + bytes.readUInt16BE(at));
}

function prefixed(bytes: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.byteLength);
  return Buffer.concat([length, bytes]);
}
