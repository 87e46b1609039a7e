/**
 * Makes the frozen vectors of multipart objects once (test/vectors/README.md). Existing files are never overwritten, as in
 * make-format-vectors.ts. `node test/make-multipart-vectors.ts`.
 */
import {
  CHUNK,
  chunkByHand,
  hkdf,
  patternByHand,
  SEALED_CHUNK,
  unsigned,
} from "./format-by-hand.ts";
import { edited, measured } from "./format-vector.ts";
import { partByHand, type RawManifest } from "./multipart-by-hand.ts";
import { MULTIPART_VECTORS, type MultipartVector } from "./multipart-vector.ts";
import {
  type MultipartObject,
  type PartsChoices,
  partsObjectOf,
  regionLength,
  withManifest,
} from "./multipart-vector-object.ts";
import { writeVectorFiles } from "./vector-files.ts";
import { headerOf } from "./vector-object.ts";

type Said = Pick<MultipartVector, "description"> & Partial<MultipartVector>;
type Source = Omit<
  Extract<MultipartVector["stored"], { from: string }>,
  "from" | "bytes" | "sha256"
>;

const made = new Map<string, MultipartVector>();

function keep(object: MultipartObject, said: Said): MultipartObject {
  made.set(object.name, { ...object.vector, ...said });
  return object;
}

function opens(name: string, description: string, choices: PartsChoices = {}): MultipartObject {
  return keep(partsObjectOf(name, choices), { description });
}

/** Other stored bytes under the name's keys, written down. */
function strange(
  [name, choices]: readonly [name: string, choices?: PartsChoices],
  said: Said & Pick<MultipartVector, "expect" | "failsAt">,
  make: (object: MultipartObject) => Buffer,
): void {
  const object = partsObjectOf(name, choices);
  const stored = make(object);
  keep(object, { ...said, stored: { ...measured(stored), base64: stored.toString("base64") } });
}

/** A region that was sealed, and whose content is malformed. */
function malformed(
  word: string,
  change: (manifest: RawManifest) => Partial<RawManifest>,
  choices: PartsChoices = {},
): void {
  const said = {
    description: `sealed manifest whose content is malformed: ${word.replaceAll("-", " ")}`,
    expect: "manifest failure",
    failsAt: "manifest",
  } as const;
  strange([`manifest-${word}`, choices], said, (object) => withManifest(object, change));
}

/** Stored bytes that are edits of another vector's. */
function spoiled(
  [name, base]: [string, MultipartObject],
  said: Said & Pick<MultipartVector, "expect" | "failsAt">,
  source: Source,
): void {
  const from = { from: base.name, ...source };
  const stored = { ...measured(edited(base.stored, from)), ...from };
  made.set(name, { ...base.vector, ...said, stored });
}

function makeLayouts(): void {
  const sizes = {
    empty: 0,
    "one-byte": 1,
    "chunk-less-one": CHUNK - 1,
    chunk: CHUNK,
    "chunk-and-one": CHUNK + 1,
    "two-chunks": 2 * CHUNK,
  };
  for (const [word, size] of Object.entries(sizes)) {
    const parts = [[1, size]] as const;
    opens(`one-part-${word}-aes`, `one part of ${size} bytes, the region behind it`, { parts });
    opens(`one-part-${word}-chacha`, `the same under ChaCha20-Poly1305`, { parts, suite: 2 });
    const own = { parts, hasOwnRegion: true };
    opens(`one-part-${word}-own`, `${size} bytes, the region in a backend part of its own`, own);
  }
  const three = [
    [1, CHUNK + 3],
    [2, 2 * CHUNK],
    [3, 7],
  ] as const;
  opens("three-parts", "three parts, of which each ends in a chunk of its own", { parts: three });
  opens("three-parts-own", "the same with a region of its own", {
    parts: three,
    hasOwnRegion: true,
  });
  opens("three-parts-chacha", "the same under ChaCha20-Poly1305", { parts: three, suite: 2 });
  const gaps = [
    [3, 100],
    [7000, CHUNK],
    [10_000, 1],
  ] as const;
  opens("gaps", "gaps in the part numbers, up to the highest there is", { parts: gaps });
  const empties = [
    [1, 0],
    [2, 9],
    [3, 0],
    [4, CHUNK],
    [5, 0],
  ] as const;
  opens("empty-parts", "empty parts first, between and last", { parts: empties });
  const many = Array.from({ length: 40 }, (_, index) => [index + 1, index] as const);
  opens("forty-parts", "forty parts, most of the region is used", { parts: many, hasMd5: true });
}

function makeFacts(): void {
  const parts = [
    [2, 100],
    [5, 30],
  ] as const;
  opens("manifest-md5", "manifest with the MD5 of the parts' MD5s", { parts, hasMd5: true });
  for (const algorithm of ["crc32", "crc32c", "crc64nvme", "sha1", "sha256"] as const) {
    const type = algorithm === "crc64nvme" ? "FULL_OBJECT" : "COMPOSITE";
    const chosen = { parts, hasMd5: true, algorithm, type } as const;
    opens(`manifest-${algorithm}`, `manifest with MD5 and ${algorithm}, ${type}`, chosen);
  }
  for (const algorithm of ["crc32", "crc32c"] as const) {
    const chosen = { parts, algorithm, type: "FULL_OBJECT", hasOwnRegion: true } as const;
    opens(`manifest-${algorithm}-full`, `manifest with ${algorithm}, FULL_OBJECT`, chosen);
  }
}

function makeMalformed(): void {
  const hashed = { algorithm: "sha256" } as const;
  const two = {
    parts: [
      [1, 5],
      [2, 6],
    ],
  } as const;
  malformed("version", () => ({ version: 2 }));
  malformed("unknown-algorithm", () => ({ algorithm: 6 }));
  malformed("unknown-type", () => ({ type: 3 }), hashed);
  malformed("no-type", () => ({ type: 0 }), hashed);
  malformed("type-alone", () => ({ type: 1 }));
  malformed("checksum-without-algorithm", () => ({ has: 2, type: 1 }));
  malformed("unknown-fact", () => ({ has: 4 }));
  malformed("md5-without-flag", () => ({ md5OfMd5s: Buffer.alloc(16, 1) }));
  malformed("checksum-without-flag", () => ({ has: 0, type: 0 }), hashed);
  malformed(
    "checksum-too-long",
    ({ checksum }) => ({
      checksum: Buffer.concat([checksum, Uint8Array.of(1)]),
    }),
    hashed,
  );
  malformed("no-parts", () => ({ count: 0, entries: [], totalSize: 0n }));
  malformed("too-many-parts", () => ({ count: 10_001 }));
  malformed("count-beyond-the-end", () => ({ count: 60 }));
  malformed("count-too-small", () => ({ count: 1, totalSize: 5n }), two);
  malformed("other-total", () => ({ totalSize: 6n }));
  const first = (change: Partial<RawManifest["entries"][number]>) => (raw: RawManifest) => ({
    entries: raw.entries.map((entry, index) => (index === 0 ? { ...entry, ...change } : entry)),
  });
  malformed("part-number-zero", first({ partNumber: 0 }));
  malformed("part-number-too-high", first({ partNumber: 10_001 }));
  malformed("part-number-twice", first({ partNumber: 2 }), two);
  malformed("part-numbers-falling", first({ partNumber: 3 }), two);
  malformed("part-too-large", (raw) => ({
    ...first({ size: 5_367_398_705 })(raw),
    totalSize: 5_367_398_705n,
  }));
  malformed("part-checksum-without-algorithm", first({ checksum: Buffer.alloc(4, 1) }));
  malformed("part-checksum-of-another-length", first({ checksum: Buffer.alloc(20, 1) }), hashed);
  const padding = "sealed manifest whose padding is not zero";
  strange(
    ["manifest-padding"],
    { description: padding, expect: "manifest failure", failsAt: "manifest" },
    (object) => withManifest(object, () => ({}), { padding: Uint8Array.of(0, 1) as Buffer }),
  );
}

function makeRegions(): void {
  const base = opens("region-base", "the object whose region is spoiled", {
    parts: [
      [1, 40],
      [2, 50],
    ],
    hasMd5: true,
  });
  const { byteLength: end } = base.stored;
  const length = regionLength(base.vector);
  const said = (description: string) =>
    ({ description, expect: "manifest failure", failsAt: "region" }) as const;
  const bad = (word: string, description: string, source: Source) =>
    spoiled([`region-${word}`, base], said(description), source);
  bad("flipped", "flipped bit in the sealed manifest", { flip: end - length });
  bad("flipped-tag", "flipped bit in its tag", { flip: end - 21 });
  bad("flipped-nonce", "flipped bit in its nonce", { flip: end - 20 });
  bad("flipped-length", "flipped bit in its length", { flip: end - 5 });
  bad("length-huge", "a length beyond the bound", { flip: end - 8 });
  bad("magic", "flipped bit in the magic", { flip: end - 1 });
  bad("missing", "no region", { slices: [[0, end - length]] });
  bad("cut", "last byte missing", { slices: [[0, end - 1]] });
  bad("extended", "one byte more", { append: "00" });
  const region: [number, number] = [end - length, end];
  bad("twice", "the region twice", { slices: [[0, end], region] });
  bad("part-missing", "the first part missing", { slices: [[56, end]] });
  bad("part-twice", "the first part twice", {
    slices: [
      [0, 56],
      [0, end],
    ],
  });
  bad("alone", "nothing but the region", { slices: [region] });
  bad("nothing", "no stored byte", { slices: [] });
  const counted = "more backend parts than the region was made for";
  made.set("region-other-count", {
    ...base.vector,
    ...said(counted),
    backendParts: 3,
    stored: { ...measured(base.stored), from: base.name },
  });
  const fewer = "fewer backend parts than the region was made for";
  made.set("region-fewer-count", {
    ...base.vector,
    ...said(fewer),
    backendParts: 1,
    stored: { ...measured(base.stored), from: base.name },
  });
  const other = partsObjectOf("region-of-another");
  strange(["region-of-another"], said("region of another object of the same layout"), () =>
    Buffer.concat([other.stored.subarray(0, 21), partsObjectOf("another").stored.subarray(21)]),
  );
  strange(["region-longer"], said("region with more padding than is canonical"), (object) =>
    withManifest(object, () => ({}), { length: regionLength(object.vector) + 96 }),
  );
  strange(["region-other-suite"], said("region sealed under the other suite"), (object) =>
    withManifest({ ...object, suite: 2 }, () => ({})),
  );
  strange(
    ["region-trailer-key"],
    said("region sealed under another key of the object"),
    (object) => {
      const keys = { ...object.keys, manifestKey: object.keys.trailerKey };
      return withManifest({ ...object, keys }, () => ({}));
    },
  );
  strange(
    ["region-other-sizes"],
    said("sizes in the manifest that are not those of the parts"),
    (object) =>
      withManifest(object, ({ entries }) => ({
        entries: entries.map((entry) => ({ ...entry, size: entry.size + CHUNK })),
        totalSize: BigInt(5 + CHUNK),
      })),
  );
}

function makeParts(): void {
  const base = opens("parts-base", "the object whose parts are spoiled", {
    parts: [
      [1, CHUNK + 1],
      [2, CHUNK + 1],
      [3, 9],
    ],
  });
  const first = SEALED_CHUNK + 17;
  const { byteLength: end } = base.stored;
  const said = (description: string, releasedBytes: number) =>
    ({ description, expect: "payload failure", failsAt: "part", releasedBytes }) as const;
  const bad = (
    word: string,
    description: string,
    how: { source: Source; releasedBytes?: number },
  ) => spoiled([`part-${word}`, base], said(description, how.releasedBytes ?? 0), how.source);
  bad("flipped-first", "flipped bit in the first chunk", { source: { flip: 0 } });
  bad("flipped-end", "flipped bit in the tag that ends the first part", {
    source: { flip: first - 1 },
    releasedBytes: CHUNK,
  });
  bad("flipped-second", "flipped bit in the second part", {
    source: { flip: first },
    releasedBytes: CHUNK + 1,
  });
  bad("flipped-last", "flipped bit in the last part", {
    source: { flip: 2 * first },
    releasedBytes: 2 * CHUNK + 2,
  });
  bad("swapped", "two parts of one size swapped", {
    source: {
      slices: [
        [first, 2 * first],
        [0, first],
        [2 * first, end],
      ],
    },
  });
  bad("repeated", "the first part in the place of the second", {
    source: {
      slices: [
        [0, first],
        [0, first],
        [2 * first, end],
      ],
    },
    releasedBytes: CHUNK + 1,
  });
  bad("chunks-mixed", "the first chunk of the second part in the first", {
    source: {
      slices: [
        [first, first + SEALED_CHUNK],
        [SEALED_CHUNK, end],
      ],
    },
  });
  makeStrangeParts(said);
}

/** Parts whose bytes were sealed, but not so. */
function makeStrangeParts(
  said: (
    description: string,
    releasedBytes: number,
  ) => Said & Pick<MultipartVector, "expect" | "failsAt">,
): void {
  const plaintext = patternByHand(5);
  const wrong = (
    word: string,
    description: string,
    seal: (object: MultipartObject, salt: Buffer) => Buffer,
  ) =>
    strange([`part-${word}`], said(description, 0), (object) => {
      const salt = Buffer.from(object.vector.parts[0]?.salt ?? "", "hex");
      return Buffer.concat([seal(object, salt), object.stored.subarray(21)]);
    });
  wrong("other-salt", "another attempt at the part, under its own salt", ({ suite, keys }) =>
    partByHand(suite, { keys, partNumber: 1, salt: Buffer.alloc(16, 9) }, plaintext),
  );
  wrong("other-number", "sealed as another part number", ({ suite, keys }, salt) =>
    partByHand(suite, { keys, partNumber: 2, salt }, plaintext),
  );
  wrong("other-suite", "sealed under the other suite", ({ keys }, salt) =>
    partByHand(2, { keys, partNumber: 1, salt }, plaintext),
  );
  wrong("of-another", "the part of another object", () =>
    partsObjectOf("another").stored.subarray(0, 21),
  );
  wrong("data-key", "sealed under the data key, as a single object is", ({ suite, keys }) =>
    chunkByHand(suite, { key: keys.dataKey, index: 0, isFinal: true }, plaintext),
  );
  const chunk = (
    { suite, keys }: MultipartObject,
    salt: Buffer,
    place: { index: number; isFinal: boolean },
  ) => {
    const info = Buffer.concat([Buffer.from("s3eg/2/part"), unsigned(1, 4)]);
    return chunkByHand(suite, { key: hkdf(keys.dataKey, { salt, info }, 32), ...place }, plaintext);
  };
  wrong("not-final", "last chunk without its final flag", (object, salt) =>
    chunk(object, salt, { index: 0, isFinal: false }),
  );
  wrong("counter-from-one", "counter begins at one", (object, salt) =>
    chunk(object, salt, { index: 1, isFinal: true }),
  );
}

/** The multipart flag enters the derivation of the keys. */
function makeHeaders(): void {
  const name = "wrong-flag";
  const single = headerOf(name, 5).keys.commitment;
  const { said } = headerOf(name, undefined, { header: { commitment: single } });
  keep(partsObjectOf(name), {
    ...said,
    description: "commits to the keys that a single object has",
    section: "§3",
    expect: "wrong key",
    failsAt: "commitment",
  });
}

makeLayouts();
makeFacts();
makeMalformed();
makeRegions();
makeParts();
makeHeaders();
writeVectorFiles(MULTIPART_VECTORS, made);
