/**
 * The data key of a stored object, by someone who holds the KEK: written after docs/format.md §3 to §5 alone, so that it also
 * shows that the text is enough to open what lies on the backend.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  randomBytes,
} from "node:crypto";

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

/** Opens the header value of an object whose KEK has 32 bytes (AES, or from a password). Throws when the KEK, the place or the header is another. */
export function keysOfHeader(header: string, kek: Uint8Array, place: StoredPlace): StoredKeys {
  const fields = fieldsOf(header);
  const { suite, flags, objectId, commitment } = fields;
  const dataKey = unwrap(fields.wrappedKey, kek, bindingOf(fields, place)).subarray(1, 33);
  const info = Buffer.concat([Buffer.from("s3eg/2"), Uint8Array.of(suite, flags & 1)]);
  const okm = Buffer.from(hkdfSync("sha256", dataKey, objectId, info, 192));
  if (!okm.subarray(0, 32).equals(commitment)) throw new Error("the header commits to another key");
  const derived = [1, 2, 3, 4, 5].map((n) => okm.subarray(n * 32, (n + 1) * 32));
  derived.push(createHmac("sha256", objectId).update(dataKey).digest());
  return { dataKey, derived, objectId, suite };
}

/** The header of the same object for another place and under another KEK, as its holder would wrap it (docs/format.md §9). */
export function headerFor(
  header: string,
  { dataKey, derived: [headerKey = Buffer.alloc(0)] }: StoredKeys,
  to: { readonly kek: Uint8Array; readonly keyId: string; readonly place: StoredPlace },
): string {
  const fields = { ...fieldsOf(header), keyId: Buffer.from(to.keyId) };
  const binding = bindingOf(fields, to.place);
  const payload = Buffer.concat([Uint8Array.of(1), dataKey, binding]);
  const wrappedKey = wrap(payload, to.kek, binding);
  const { front, provider, keyId, keyVersion } = fields;
  const named = [prefixed(provider), prefixed(keyId), keyVersion, prefixed(wrappedKey)];
  const covered = Buffer.concat([front, ...named]);
  const mac = createHmac("sha256", headerKey).update(covered).digest();
  return Buffer.concat([covered, mac]).toString("base64url");
}

/** The key id of a header's envelope. */
export function keyIdOfHeader(header: string): string {
  return fieldsOf(header).keyId.toString();
}

interface HeaderFields {
  /** Everything before the provider. */
  readonly front: Buffer;
  readonly suite: number;
  readonly flags: number;
  readonly objectId: Buffer;
  readonly commitment: Buffer;
  readonly provider: Buffer;
  readonly keyId: Buffer;
  readonly keyVersion: Buffer;
  readonly wrappedKey: Buffer;
}

function fieldsOf(header: string): HeaderFields {
  const bytes = Buffer.from(header, "base64url");
  const provider = prefixedAt(bytes, 83);
  const keyId = prefixedAt(bytes, 85 + provider.byteLength);
  const versionAt = 87 + provider.byteLength + keyId.byteLength;
  return {
    front: bytes.subarray(0, 83),
    suite: bytes.readUInt8(1),
    flags: bytes.readUInt8(2),
    objectId: bytes.subarray(3, 35),
    commitment: bytes.subarray(35, 67),
    provider,
    keyId,
    keyVersion: bytes.subarray(versionAt, versionAt + 4),
    wrappedKey: prefixedAt(bytes, versionAt + 4),
  };
}

function bindingOf(fields: HeaderFields, place: StoredPlace): Buffer {
  return createHash("sha256")
    .update("s3eg/2/wrap")
    .update(prefixed(fields.provider))
    .update(prefixed(fields.keyId))
    .update(fields.keyVersion)
    .update(Uint8Array.of(fields.flags))
    .update(fields.objectId)
    .update(fields.commitment)
    .update(prefixed(Buffer.from(place.bucket)))
    .update(prefixed(Buffer.from(place.key)))
    .digest();
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

function wrap(payload: Buffer, kek: Uint8Array, binding: Buffer): Buffer {
  const [salt, iv] = [randomBytes(32), randomBytes(12)];
  const key = Buffer.from(hkdfSync("sha256", kek, salt, "s3eg/2/kek", 32));
  const cipher = createCipheriv("aes-256-gcm", key, iv, { authTagLength: 16 });
  cipher.setAAD(binding);
  return Buffer.concat([salt, iv, cipher.update(payload), cipher.final(), cipher.getAuthTag()]);
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
