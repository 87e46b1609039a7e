/**
 * The data key of a stored object, by someone who holds the KEK: written after docs/format.md §3 to §5 alone, so that it also
 * shows that the text is enough to open what lies on the backend.
 */
import { createDecipheriv, createHash, createHmac, hkdfSync } from "node:crypto";

/** Where an object lies. */
export interface StoredPlace {
  readonly bucket: string;
  readonly key: string;
}

/** A data key and what follows from it. */
export interface StoredKeys {
  readonly dataKey: Buffer;
  /** The five keys of the header, the metadata, the chunks, the trailer and the manifest, then what HKDF extracts on the way to them. */
  readonly derived: readonly Buffer[];
  readonly suite: number;
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
  derived.push(createHmac("sha256", objectId).update(dataKey).digest());
  return { dataKey, derived, objectId, suite };
}

/** The keys of the parts of an object whose bytes end in its manifest (docs/format.md §7). AES alone. */
export function partKeysOf(stored: Buffer, { derived, suite }: StoredKeys): Buffer[] {
  const [, , chunksKey, , manifestKey] = derived;
  if (suite !== 1 || !chunksKey || !manifestKey) throw new Error("no manifest under AES");
  const region = stored.subarray(-stored.readUInt32BE(stored.byteLength - 8));
  const [sealed, nonce] = [region.subarray(0, -20), region.subarray(-20, -8)];
  const decipher = createDecipheriv("aes-256-gcm", manifestKey, nonce, { authTagLength: 16 });
  decipher.setAuthTag(sealed.subarray(-16));
  const manifest = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
  const keys: Buffer[] = [];
  let at = 94;
  for (let left = manifest.readUInt16BE(92); left > 0; left--) {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(manifest.readUInt16BE(at));
    const info = Buffer.concat([Buffer.from("s3eg/2/part"), number]);
    const salt = manifest.subarray(at + 10, at + 26);
    keys.push(Buffer.from(hkdfSync("sha256", chunksKey, salt, info, 32)));
    at += 27 + manifest.readUInt8(at + 26);
  }
  return keys;
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
