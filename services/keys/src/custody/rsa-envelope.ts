/** The MAC around an RSA-OAEP envelope: whoever has the public key alone can't make one (format.md §5, "RSA"). For every provider of RSA. */
import {
  createHash,
  createHmac,
  createPublicKey,
  hkdfSync,
  type KeyObject,
  timingSafeEqual,
} from "node:crypto";
import { Fault } from "@s3eg/shared/faults.ts";
import { FieldReader, lengthPrefixed } from "@s3eg/shared/format/bytes.ts";

const MAC_BYTES = 32;
const MAC_LABEL = Buffer.from("s3eg/2/rsa");
const KEY_INFO = "s3eg/2/rsa-envelope";

/** `lp(oaep) ‖ HMAC(envelopeKey, "s3eg/2/rsa" ‖ lp(oaep) ‖ H)`. */
export function authenticated(
  oaep: Uint8Array,
  { envelopeKey, binding }: { envelopeKey: KeyObject; binding: Uint8Array },
): Buffer {
  const field = lengthPrefixed(oaep);
  return Buffer.concat([field, macOf(field, envelopeKey, binding)]);
}

/** The OAEP ciphertext, once its MAC was found right in constant time; `crypto.integrity` otherwise. */
export function authenticate(
  wrappedKey: Uint8Array,
  { envelopeKey, binding }: { envelopeKey: KeyObject; binding: Uint8Array },
): Buffer {
  const bytes = Buffer.from(wrappedKey);
  const reader = new FieldReader(bytes, "wrapped key");
  const oaep = reader.lengthPrefixed();
  const field = bytes.subarray(0, reader.position);
  const mac = reader.bytes(MAC_BYTES);
  reader.end();
  if (timingSafeEqual(mac, macOf(field, envelopeKey, binding))) return oaep;
  throw new Fault("crypto.integrity", "wrapped key does not verify");
}

/** The envelope key of a software key for which none is configured: it follows from the two primes. The caller wipes it. */
export function envelopeKeyOf(privateKey: KeyObject): Buffer {
  const { p, q } = privateKey.export({ format: "jwk" });
  const [a, b] = [Buffer.from(p ?? "", "base64url"), Buffer.from(q ?? "", "base64url")];
  const isSorted = a.byteLength === b.byteLength ? a.compare(b) > 0 : a.byteLength > b.byteLength;
  const primes = Buffer.concat(isSorted ? [a, b] : [b, a]);
  const salt = createHash("sha256").update(spkiOf(privateKey)).digest();
  const key = Buffer.from(hkdfSync("sha256", primes, salt, KEY_INFO, 32));
  for (const secret of [a, b, primes]) secret.fill(0);
  return key;
}

/** The first 8 bytes of the SHA-256 of the public key (SPKI DER) in hex. */
export function checkValueOfPublic(key: KeyObject): string {
  return createHash("sha256").update(spkiOf(key)).digest("hex").slice(0, 16);
}

function spkiOf(key: KeyObject): Buffer {
  const publicKey = key.type === "public" ? key : createPublicKey(key);
  return publicKey.export({ type: "spki", format: "der" });
}

function macOf(field: Uint8Array, envelopeKey: KeyObject, binding: Uint8Array): Buffer {
  return createHmac("sha256", envelopeKey).update(MAC_LABEL).update(field).update(binding).digest();
}
