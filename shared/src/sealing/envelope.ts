/** The envelope: what a custodian wraps, and how it is bound to its object and place (format.md §5). The same for every provider. */
import { hash, timingSafeEqual } from "node:crypto";
import { Fault } from "../faults.ts";
import { lengthPrefixed } from "../format/bytes.ts";
import { KEY_BYTES } from "../format/layout.ts";

/** Everything an envelope is bound to. */
export interface EnvelopeContext {
  readonly provider: string;
  readonly keyId: string;
  readonly keyVersion: number;
  readonly flags: number;
  readonly objectId: Uint8Array;
  readonly commitment: Uint8Array;
  /** The policy's name for the bucket, and the exact key. */
  readonly place: { readonly bucket: string; readonly key: string };
}

/** Bytes of a payload: marker, data key, binding. */
const PAYLOAD_BYTES = 1 + 2 * KEY_BYTES;

/** Keeps a payload from looking like a KMIP bulk container (format.md §5). */
const MARKER = 0x01;
const CONTEXT_LABEL = Buffer.from("s3eg/2/wrap");

/** H of format.md §5: SHA-256 of the context. Given to providers as associated data, and repeated inside the payload. */
export function bindingOf(context: EnvelopeContext): Buffer {
  const numbers = Buffer.allocUnsafe(5);
  numbers.writeUInt32BE(context.keyVersion, 0);
  numbers.writeUInt8(context.flags, 4);
  const bytes = Buffer.concat([
    CONTEXT_LABEL,
    lengthPrefixed(Buffer.from(context.provider)),
    lengthPrefixed(Buffer.from(context.keyId)),
    numbers,
    context.objectId,
    context.commitment,
    lengthPrefixed(Buffer.from(context.place.bucket)),
    lengthPrefixed(Buffer.from(context.place.key)),
  ]);
  return hash("sha256", bytes, "buffer");
}

/** The 65 bytes that a custodian wraps. The caller wipes them. */
export function packPayload(dataKey: Uint8Array, binding: Uint8Array): Buffer {
  return Buffer.concat([Uint8Array.of(MARKER), dataKey, binding]);
}

/** The data key of an unwrapped payload, checked against the binding in constant time; otherwise `crypto.integrity`. */
export function unpackPayload(payload: Uint8Array, binding: Uint8Array): Buffer {
  const bytes = Buffer.from(payload);
  const isBound =
    bytes.byteLength === PAYLOAD_BYTES &&
    bytes[0] === MARKER &&
    timingSafeEqual(bytes.subarray(1 + KEY_BYTES), binding);
  if (!isBound) {
    bytes.fill(0);
    throw new Fault("crypto.integrity", "envelope is not bound to this object and place");
  }
  return bytes.subarray(1, 1 + KEY_BYTES);
}
