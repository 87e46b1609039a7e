/** Looks for a secret in bytes, in every spelling in which it could have been written down. */

/** Spellings as byte strings, by what they are called. */
export type Spellings = ReadonlyMap<string, Buffer>;

/**
 * A secret raw, in hex, and in base64 and base64url at each of the three places it may have within a longer encoded text; without
 * the characters that depend on its neighbours.
 */
export function spellingsOf(secret: Uint8Array): Spellings {
  const raw = Buffer.from(secret);
  const hex = raw.toString("hex");
  const spellings: [string, Buffer][] = [
    ["raw", raw],
    ["hex", Buffer.from(hex)],
    ["upper-case hex", Buffer.from(hex.toUpperCase())],
  ];
  for (const alphabet of ["base64", "base64url"] as const) {
    for (let before = 0; before < 3; before++) {
      const encoded = Buffer.concat([Buffer.alloc(before), raw]).toString(alphabet);
      const first = Math.ceil((before * 8) / 6);
      const end = Math.floor(((before + raw.byteLength) * 8) / 6);
      spellings.push([`${alphabet} at ${before}`, Buffer.from(encoded.slice(first, end))]);
    }
  }
  return new Map(spellings);
}

/** The spellings of all of these secrets, each called by its own name and that of its secret. */
export function spellingsOfAll(secrets: Iterable<readonly [string, Uint8Array]>): Spellings {
  const spellings = [...secrets].flatMap(([secretName, secret]) =>
    [...spellingsOf(secret)].map(([name, bytes]) => [`${secretName}, ${name}`, bytes] as const),
  );
  return new Map(spellings);
}

/** The names of the spellings that occur in `bytes`. */
export function spellingsIn(bytes: Buffer, spellings: Spellings): string[] {
  return [...spellings].flatMap(([name, spelling]) => (bytes.includes(spelling) ? [name] : []));
}

const PREFIX_BYTES = 3;

/**
 * The same for very many spellings of a few bytes at least, in one pass over the bytes: where the first three of none begin, no spelling
 * is looked at. Gives the names of those that occur.
 */
export function spellingsFinder(spellings: Spellings): (bytes: Buffer) => string[] {
  const begins = new Uint8Array(2 ** (8 * PREFIX_BYTES));
  const byPrefix = new Map<number, [string, Buffer][]>();
  for (const [name, spelling] of spellings) {
    const prefix = spelling.readUIntLE(0, PREFIX_BYTES);
    begins[prefix] = 1;
    byPrefix.set(prefix, [...(byPrefix.get(prefix) ?? []), [name, spelling]]);
  }
  const at3 = (bytes: Buffer, at: number) =>
    (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
  const namesAt = (bytes: Buffer, at: number) =>
    (byPrefix.get(at3(bytes, at)) ?? [])
      .filter(([, spelling]) => bytes.subarray(at, at + spelling.byteLength).equals(spelling))
      .map(([name]) => name);
  return (bytes) => {
    const found: string[] = [];
    for (let at = 0; at + PREFIX_BYTES <= bytes.byteLength; at++) {
      if (bytes[at] === 0 && isZero(bytes, at)) at += ZEROS.byteLength - OVERLAP_BYTES;
      if (begins[at3(bytes, at)] !== 0) found.push(...namesAt(bytes, at));
    }
    return found;
  };
}

/** Most of the memory that a process has was never touched. What begins with zeros is still found where they end. */
const ZEROS = Buffer.alloc(4096);
const OVERLAP_BYTES = 64;

function isZero(bytes: Buffer, at: number): boolean {
  return at % ZEROS.byteLength === 0 && bytes.subarray(at, at + ZEROS.byteLength).equals(ZEROS);
}
