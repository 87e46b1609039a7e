/** Reading and writing the fields of format 2: big-endian numbers and length-prefixed bytes (format.md §2), strictly. */
import { Fault } from "../faults.ts";

/** A u16 length, then the bytes. */
export function lengthPrefixed(bytes: Uint8Array): Buffer {
  const field = Buffer.allocUnsafe(2 + bytes.byteLength);
  field.writeUInt16BE(bytes.byteLength, 0);
  field.set(bytes, 2);
  return field;
}

/** Decodes canonical unpadded base64url; anything else is undefined. */
export function fromBase64Url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : undefined;
}

/** Reads fields one after the other; running out of bytes, or bytes left at the end, is `crypto.integrity`. */
export class FieldReader {
  readonly #bytes: Buffer;
  readonly #what: string;
  #at = 0;

  constructor(bytes: Buffer, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  /** Offset of the next field. */
  get position(): number {
    return this.#at;
  }

  u8(): number {
    return this.#next(1).readUInt8(0);
  }

  u16(): number {
    return this.#next(2).readUInt16BE(0);
  }

  u32(): number {
    return this.#next(4).readUInt32BE(0);
  }

  u64(): bigint {
    return this.#next(8).readBigUInt64BE(0);
  }

  bytes(length: number): Buffer {
    return this.#next(length);
  }

  lengthPrefixed(): Buffer {
    return this.#next(this.u16());
  }

  /** A length-prefixed field that must be valid UTF-8. */
  text(): string {
    return this.utf8(this.u16());
  }

  /** So many bytes that must be valid UTF-8. */
  utf8(length: number): string {
    const bytes = this.#next(length);
    const text = bytes.toString("utf8");
    if (!Buffer.from(text, "utf8").equals(bytes)) throw this.malformed();
    return text;
  }

  /** Refuses bytes that no field claimed. */
  end(): void {
    if (this.#at !== this.#bytes.byteLength) throw this.malformed();
  }

  /** The fault of what is read, for rules that are its own. */
  malformed(): Fault {
    return new Fault("crypto.integrity", `${this.#what} is malformed`);
  }

  #next(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.byteLength) throw this.malformed();
    const field = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return field;
  }
}
