/** Keys in S3's order: by the bytes of their UTF-8, which is not JavaScript's order of UTF-16 units. */

/** Compares two keys by their UTF-8 bytes, without encoding them. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

// Surrogates stand for U+10000 and above, so they belong behind U+E000..U+FFFF.
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x2000 : unit >= 0xe000 ? unit - 0x800 : unit;
}

/** A set of keys that is always in order. */
export class SortedKeys {
  readonly #keys: string[];

  constructor(keys: Iterable<string> = []) {
    this.#keys = [...new Set(keys)].sort(compareKeys);
  }

  get size(): number {
    return this.#keys.length;
  }

  /** The key at a place, `undefined` past the end. */
  at(place: number): string | undefined {
    return this.#keys[place];
  }

  add(key: string): void {
    const place = this.placeOf(key);
    if (this.#keys[place] !== key) this.#keys.splice(place, 0, key);
  }

  remove(key: string): void {
    const place = this.placeOf(key);
    if (this.#keys[place] === key) this.#keys.splice(place, 1);
  }

  /** Place of the first key that is not before `key`. */
  placeOf(key: string): number {
    return this.#firstPlace((candidate) => compareKeys(candidate, key) >= 0);
  }

  /** Place of the first key after `key`. */
  placeAfter(key: string): number {
    return this.#firstPlace((candidate) => compareKeys(candidate, key) > 0);
  }

  /** Place of the first key that comes after all keys beginning with `prefix`. */
  placeAfterPrefix(prefix: string): number {
    return this.#firstPlace(
      (candidate) => !candidate.startsWith(prefix) && compareKeys(candidate, prefix) > 0,
    );
  }

  #firstPlace(isPast: (key: string) => boolean): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isPast(this.#keys[middle] as string)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
