/**
 * As much of CBOR as sealed metadata needs: unsigned numbers, byte strings, text and maps, in the one encoding that is deterministic
 * (RFC 8949 §4.2.1). Whatever else a byte may mean is refused.
 */
import { FieldReader } from "./bytes.ts";

/** Major types (RFC 8949 §3.1). */
const UNSIGNED = 0;
const BYTES = 2;
const TEXT = 3;
const MAP = 5;

/** Arguments from here on need as many bytes behind the head (RFC 8949 §3). */
const ONE_BYTE = 24;
const TWO_BYTES = 0x100;
const FOUR_BYTES = 0x1_0000;

/** An unsigned number below 2^32. */
export function cborUnsigned(value: number): Buffer {
  return headOf(UNSIGNED, value);
}

/** A byte string. */
export function cborBytes(bytes: Uint8Array): Buffer {
  return Buffer.concat([headOf(BYTES, bytes.byteLength), bytes]);
}

/** Text, as UTF-8. */
export function cborText(text: string): Buffer {
  const bytes = Buffer.from(text, "utf8");
  return Buffer.concat([headOf(TEXT, bytes.byteLength), bytes]);
}

/** A map of encoded keys, all different, to encoded values; it is sorted here. */
export function cborMap(entries: readonly (readonly [key: Buffer, value: Buffer])[]): Buffer {
  const sorted = entries.toSorted(([a], [b]) => a.compare(b));
  return Buffer.concat([headOf(MAP, entries.length), ...sorted.flat()]);
}

function headOf(major: number, argument: number): Buffer {
  const type = major << 5;
  if (argument < ONE_BYTE) return Buffer.of(type | argument);
  if (argument < TWO_BYTES) return Buffer.of(type | 24, argument);
  const wide = argument >= FOUR_BYTES;
  const head = Buffer.allocUnsafe(wide ? 5 : 3);
  head.writeUInt8(type | (wide ? 26 : 25), 0);
  if (wide) head.writeUInt32BE(argument, 1);
  else head.writeUInt16BE(argument, 1);
  return head;
}

/** Reads one item after the other. What is not of the kind that is asked for, or not in its deterministic encoding, is `crypto.integrity`. */
export class CborReader {
  readonly #bytes: Buffer;
  readonly #fields: FieldReader;

  /** `what` is read, for messages. */
  constructor(bytes: Buffer, what: string) {
    this.#bytes = bytes;
    this.#fields = new FieldReader(bytes, what);
  }

  unsigned(): number {
    return this.#head(UNSIGNED);
  }

  bytes(): Buffer {
    return this.#fields.bytes(this.#head(BYTES));
  }

  text(): string {
    return this.#fields.utf8(this.#head(TEXT));
  }

  /** A map: its keys are read by `key`, each value by `value`. Keys that do not rise, byte by byte, are refused, and so is one that comes twice. */
  map<Key>(key: () => Key, value: (key: Key) => void): void {
    const count = this.#head(MAP);
    let former: Buffer | undefined;
    for (let read = 0; read < count; read += 1) {
      const start = this.#fields.position;
      const found = key();
      const encoded = this.#bytes.subarray(start, this.#fields.position);
      if (former && former.compare(encoded) >= 0) throw this.#fields.malformed();
      former = encoded;
      value(found);
    }
  }

  /** Refuses bytes that no item claimed. */
  end(): void {
    this.#fields.end();
  }

  #head(major: number): number {
    const first = this.#fields.u8();
    if (first >> 5 !== major) throw this.#fields.malformed();
    const short = first & 0x1f;
    if (short < ONE_BYTE) return short;
    const [argument, least] = this.#argument(short);
    if (argument < least) throw this.#fields.malformed();
    return argument;
  }

  /** The argument behind a head, and the least one that needs so many bytes. */
  #argument(short: number): [argument: number, least: number] {
    if (short === 24) return [this.#fields.u8(), ONE_BYTE];
    if (short === 25) return [this.#fields.u16(), TWO_BYTES];
    if (short === 26) return [this.#fields.u32(), FOUR_BYTES];
    throw this.#fields.malformed();
  }
}
