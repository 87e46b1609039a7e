/**
 * An answer of keys as the bytes that are sealed to the asker. Keys are bytes from end to end: V8 can overwrite neither a string nor
 * what it copied on the way to one, a buffer its owner can. The layout is u32 length ‖ JSON, then u32 length ‖ bytes for each
 * `Uint8Array` of the answer, in whose place the JSON has `{"$": its number}`.
 */
import assert from "node:assert/strict";
import { Fault } from "../faults.ts";

const PLACE = "$";
const LENGTH_BYTES = 4;

/** The bytes of an answer: a JSON value that may have `Uint8Array`s anywhere. The caller wipes them. */
export function encodeAnswer(answer: unknown): Buffer {
  const taken: Uint8Array[] = [];
  const json = Buffer.from(JSON.stringify(mapBytes(answer, (bytes) => placeOf(taken.push(bytes)))));
  const fields = [json, ...taken];
  // Buffer.concat would take a small one from the pool that all share.
  const encoded = Buffer.alloc(
    fields.reduce((sum, { byteLength }) => sum + LENGTH_BYTES + byteLength, 0),
  );
  let at = 0;
  for (const field of fields) {
    at = encoded.writeUInt32BE(field.byteLength, at);
    encoded.set(field, at);
    at += field.byteLength;
  }
  return encoded;
}

/** What `encodeAnswer` was given; its bytes are views of `encoded`, so that wiping them leaves no copy. `internal.bug` for anything else. */
export function decodeAnswer(encoded: Buffer): unknown {
  const [json, ...taken] = fieldsOf(encoded);
  if (!json) throw malformed();
  try {
    return JSON.parse(json.toString(), (_name, value: unknown) => {
      if (typeof value !== "object" || value === null || !(PLACE in value)) return value;
      return taken[Number(value[PLACE])] ?? assert.fail("no such bytes");
    });
  } catch {
    throw malformed();
  }
}

/** Overwrites every byte of an answer. */
export function wipeAnswer(answer: unknown): void {
  mapBytes(answer, (bytes) => bytes.fill(0));
}

function placeOf(count: number): object {
  return { [PLACE]: count - 1 };
}

/** The value with what `map` makes of its bytes. Not a replacer of JSON.stringify: a Buffer writes itself down before that is asked. */
function mapBytes(value: unknown, map: (bytes: Uint8Array) => unknown): unknown {
  if (value instanceof Uint8Array) return map(value);
  if (Array.isArray(value)) return value.map((item) => mapBytes(item, map));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, mapBytes(member, map)]),
  );
}

function fieldsOf(encoded: Buffer): Buffer[] {
  const fields: Buffer[] = [];
  for (let at = 0; at < encoded.byteLength; ) {
    if (encoded.byteLength - at < LENGTH_BYTES) throw malformed();
    const from = at + LENGTH_BYTES;
    const end = from + encoded.readUInt32BE(at);
    if (end > encoded.byteLength) throw malformed();
    fields.push(encoded.subarray(from, end));
    at = end;
  }
  return fields;
}

function malformed(): Fault {
  return new Fault("internal.bug", "answer of keys is malformed");
}
