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

/** The names of the spellings that occur in `bytes`. */
export function spellingsIn(bytes: Buffer, spellings: Spellings): string[] {
  return [...spellings].flatMap(([name, spelling]) => (bytes.includes(spelling) ? [name] : []));
}
