/** Where the fields of a stored header lie, counted by hand from docs/format.md §4. */

/** A field of the header: bytes from `from` up to `to`. */
export interface HeaderPart {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** The fields of a header, in order. */
export function headerParts(header: Buffer): HeaderPart[] {
  const parts: HeaderPart[] = [];
  let at = 0;
  const take = (name: string, length: number) => {
    parts.push({ name, from: at, to: at + length });
    at += length;
  };
  const takePrefixed = (name: string) => {
    const length = header.readUInt16BE(at);
    take(`length of ${name}`, 2);
    take(name, length);
  };
  take("version", 1);
  take("suite", 1);
  take("flags", 1);
  take("objectId", 32);
  take("commitment", 32);
  take("plaintextSize", 8);
  take("createdAt", 8);
  takePrefixed("provider");
  takePrefixed("keyId");
  take("keyVersion", 4);
  takePrefixed("wrappedKey");
  take("mac", 32);
  return parts;
}

/** A copy with one bit of one byte turned over. */
export function flipped(bytes: Buffer, at: number, bit = 0): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ (1 << bit);
  return copy;
}
