/**
 * Makes the frozen vectors of format 2 once (test/vectors/README.md). Existing files are never overwritten: a vector that has been
 * published stays readable for ever, and a new rule gets a new vector. `node test/make-format-vectors.ts`.
 */
import {
  CHUNK,
  chunkByHand,
  patternByHand,
  SEALED_CHUNK,
  sha256,
  trailerByHand,
} from "./format-by-hand.ts";
import { edited, type FormatVector, measured, VECTORS, withTrailer } from "./format-vector.ts";
import { writeVectorFiles } from "./vector-files.ts";
import { factsOf, type ObjectChoices, objectOf, type VectorObject } from "./vector-object.ts";

type Refusal = Pick<FormatVector, "description" | "section"> & Partial<FormatVector>;

const MULTIPART_SIZE = 0xffff_ffff_ffff_ffffn;
const made = new Map<string, FormatVector>();

function keep(name: string, object: VectorObject, said: Refusal): VectorObject {
  made.set(name, { ...object.vector, ...said });
  return object;
}

/** A vector that opens. */
function opens(name: string, description: string, choices: ObjectChoices = {}): VectorObject {
  return keep(name, objectOf(name, choices), { description, section: "§6" });
}

/** A header that does not parse, though its MAC is right for its bytes. */
function unparsed(name: string, description: string, change: ObjectChoices): void {
  keep(name, objectOf(name, change), {
    description,
    section: "§4",
    expect: "header failure",
    failsAt: "parse",
  });
}

/** A header value that is made from a good one. */
function miswritten(name: string, description: string, change: (value: string) => string): void {
  // 259 bytes: base64 of them leaves unused bits and room for padding.
  const object = objectOf(name, { header: { keyId: Buffer.from("kek-ab") } });
  keep(name, object, {
    description,
    section: "§2",
    expect: "header failure",
    failsAt: "parse",
    header: change(object.vector.header),
  });
}

/** An envelope that does not open: as it was made, or for the place and key-encryption key it is read with. */
function unbound(
  name: string,
  description: string,
  how: { made?: ObjectChoices; read?: Pick<Partial<FormatVector>, "kek" | "place"> },
): void {
  keep(name, objectOf(name, how.made), {
    description,
    section: "§5",
    expect: "header failure",
    failsAt: "envelope",
    ...how.read,
  });
}

/** Stored bytes that are not what was sealed: edits of another vector's. */
function spoiled(
  [name, base]: [string, VectorObject],
  description: string,
  how: {
    source: Omit<Extract<FormatVector["stored"], { from: string }>, "from" | "bytes" | "sha256">;
    releasedBytes?: number;
    section?: string;
  },
): void {
  const source = { from: base.name, ...how.source };
  keep(name, base, {
    description,
    section: how.section ?? "§6",
    expect: "payload failure",
    failsAt: "body",
    releasedBytes: how.releasedBytes ?? 0,
    stored: { ...measured(edited(base.stored, source)), ...source },
  });
}

function makeSizes(): void {
  const sizes = {
    empty: 0,
    "one-byte": 1,
    "chunk-less-one": CHUNK - 1,
    chunk: CHUNK,
    "chunk-and-one": CHUNK + 1,
    "two-chunks": 2 * CHUNK,
  };
  for (const [word, size] of Object.entries(sizes)) {
    opens(`${word}-aes`, `${size} bytes under AES-256-GCM`, { size });
    opens(`${word}-chacha`, `${size} bytes under ChaCha20-Poly1305`, { size, suite: 2 });
  }
}

function makeTrailers(): void {
  const size = 100;
  opens("trailer-md5", "trailer with the MD5", { size, trailer: factsOf(size, {}) });
  for (const algorithm of ["crc32", "crc32c", "crc64nvme", "sha1", "sha256"] as const) {
    const trailer = factsOf(size, { algorithm });
    opens(`trailer-${algorithm}`, `trailer with MD5 and ${algorithm}`, { size, trailer });
  }
  opens("trailer-checksum-alone", "trailer with a checksum and no MD5", {
    size,
    trailer: factsOf(size, { hasMd5: false, algorithm: "sha256" }),
  });
  opens("trailer-composite", "trailer with a checksum of type COMPOSITE", {
    size,
    trailer: factsOf(size, { algorithm: "crc32c", type: "COMPOSITE" }),
  });
  opens("trailer-chacha", "trailer with MD5 and crc64nvme under ChaCha20-Poly1305", {
    size,
    suite: 2,
    trailer: factsOf(size, { algorithm: "crc64nvme" }),
  });
  const malformed = {
    version: { version: 2, has: 0 },
    "unknown-algorithm": { has: 2, algorithm: 6, type: 1, checksum: Buffer.alloc(32, 1) },
    "unknown-type": { has: 2, algorithm: 1, type: 3, checksum: Buffer.alloc(4, 1) },
    "unknown-fact": { has: 4 },
    "md5-without-flag": { has: 0, md5: Buffer.alloc(16, 1) },
    "algorithm-without-flag": { has: 0, algorithm: 1, type: 1 },
    padding: { has: 2, algorithm: 1, type: 1, checksum: Buffer.alloc(5, 1) },
  };
  for (const [word, fields] of Object.entries(malformed)) {
    const object = objectOf(`trailer-malformed-${word}`);
    const stored = withTrailer(object.stored, object, trailerByHand(fields));
    keep(object.name, object, {
      description: `sealed trailer whose content is malformed: ${word}`,
      section: "§6",
      expect: "payload failure",
      failsAt: "trailer",
      stored: { ...measured(stored), base64: stored.toString("base64") },
    });
  }
}

function makeNames(): void {
  opens("place-unicode", "key outside ASCII, bound as its exact UTF-8 bytes", {
    place: { bucket: "vectors", key: "фото/Cafe\u0301 caf\u00e9/😀 +%2F.jpg" },
  });
  opens("key-version-largest", "largest key version, longer key id", {
    header: { keyVersion: 0xffff_ffff, keyId: Buffer.from("team/ключ/2026-01") },
  });
  const object = objectOf("provider-opaque", {
    header: { provider: Buffer.from("transit"), keyId: Buffer.from("s3-gateway"), keyVersion: 0 },
    wrapped: () => Buffer.from("vault:v7:opaque-to-the-format"),
  });
  const { kek: _, ...rest } = object.vector;
  made.set(object.name, {
    ...rest,
    description: "an envelope of a provider whose ciphertext is opaque to the format",
    section: "§5",
  });
}

function makeUnparsedHeaders(): void {
  unparsed("header-version-1", "format version 1", { rewritten: { version: 1 } });
  unparsed("header-version-3", "format version 3", { rewritten: { version: 3 } });
  unparsed("header-suite-0", "suite 0", { rewritten: { suite: 0 } });
  unparsed("header-suite-3", "suite 3", { rewritten: { suite: 3 } });
  unparsed("header-flag-8", "unknown flag 8", { rewritten: { flags: 8 } });
  const companion = { flags: 4 };
  unparsed("header-flag-4-alone", "companion manifest without multipart", { rewritten: companion });
  const sizeless = { plaintextSize: MULTIPART_SIZE };
  unparsed("header-size-unknown", "unknown size in a single object", { rewritten: sizeless });
  unparsed("header-multipart-size", "a size in a multipart object", { rewritten: { flags: 1 } });
  const huge = { plaintextSize: 5_367_398_577n };
  unparsed("header-size-too-large", "one byte more than an object may have", { rewritten: huge });
  const late = { createdAtMs: 1n << 53n };
  unparsed("header-time-too-late", "creation time of 2^53 ms", { rewritten: late });
  const stranger = { provider: Buffer.from("rot13") };
  unparsed("header-provider", "unknown provider", { rewritten: stranger });
  const noText = { keyId: Buffer.from([0x6b, 0xff]) };
  unparsed("header-key-id-not-utf8", "key id that is not UTF-8", { rewritten: noText });
  const none = { wrappedKey: Buffer.alloc(0) };
  unparsed("header-no-wrapped-key", "empty wrapped key", { rewritten: none });
  const long = { wrappedKey: Buffer.alloc(1500, 7) };
  unparsed("header-too-long", "a value of more than 2048 characters", { rewritten: long });
}

function makeMiswrittenHeaders(): void {
  const bytesOf = (value: string) => Buffer.from(value, "base64url");
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");
  miswritten("header-empty", "empty value", () => "");
  miswritten("header-trailing-byte", "one byte after the MAC", (value) =>
    text(Buffer.concat([bytesOf(value), Uint8Array.of(0)])),
  );
  miswritten("header-cut", "last byte of the MAC missing", (value) =>
    text(bytesOf(value).subarray(0, -1)),
  );
  miswritten("header-cut-in-field", "cut in the wrapped key", (value) =>
    text(bytesOf(value).subarray(0, 120)),
  );
  miswritten("header-padded", "base64url with padding", (value) => `${value}==`);
  miswritten("header-base64", "plain base64 alphabet", (value) =>
    value.replaceAll("-", "+").replaceAll("_", "/"),
  );
  miswritten("header-space", "a space at the end", (value) => `${value} `);
  miswritten("header-unused-bits", "unused bits of the last character are not zero", (value) => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const last = alphabet.indexOf(value.slice(-1));
    return `${value.slice(0, -1)}${alphabet[last + 1]}`;
  });
}

function makeEnvelopes(): void {
  const { bucket, key } = objectOf("").vector.place;
  unbound("envelope-other-key", "moved to another key", {
    read: { place: { bucket, key: "photos/2026/dog.jpg" } },
  });
  unbound("envelope-other-bucket", "moved to another bucket", {
    read: { place: { bucket: "vectors-2", key } },
  });
  unbound("envelope-place-border", "same characters, cut otherwise into bucket and key", {
    read: { place: { bucket: `${bucket}p`, key: key.slice(1) } },
  });
  unbound("envelope-place-normalised", "same key in another Unicode normalisation", {
    made: { place: { bucket, key: "cafe\u0301" } },
    read: { place: { bucket, key: "caf\u00e9" } },
  });
  unbound("envelope-other-kek", "wrapped under another key-encryption key", {
    read: { kek: sha256("another key-encryption key").toString("hex") },
  });
  const rewritten = {
    "other-key-id": { keyId: Buffer.from("kek-b") },
    "other-key-version": { keyVersion: 2 },
    "other-object-id": { objectId: sha256("another object id") },
    "other-flags": { flags: 2 },
  };
  for (const [word, fields] of Object.entries(rewritten)) {
    unbound(`envelope-${word}`, `header rewritten after the data key was wrapped: ${word}`, {
      made: { rewritten: fields },
    });
  }
  unbound("envelope-flipped", "flipped bit in the wrapped key", {
    made: { wrapped: (bytes) => flipAt(bytes, 50) },
  });
  unbound("envelope-cut", "wrapped key cut to its salt, iv and tag", {
    made: { wrapped: (bytes) => bytes.subarray(0, 60) },
  });
  unbound("envelope-marker", "payload begins with 2", {
    made: { payload: (bytes) => Buffer.concat([Uint8Array.of(2), bytes.subarray(1)]) },
  });
  unbound("envelope-short", "payload of 64 bytes", {
    made: { payload: (bytes) => bytes.subarray(0, 64) },
  });
  unbound("envelope-long", "payload of 66 bytes", {
    made: { payload: (bytes) => Buffer.concat([bytes, Uint8Array.of(0)]) },
  });
  unbound("envelope-other-binding", "payload repeats the binding of another object", {
    made: { payload: (bytes) => Buffer.concat([bytes.subarray(0, 33), sha256("another")]) },
  });
}

function makeForgedHeaders(): void {
  const section = "§5";
  const forged = (name: string, description: string, change: (bytes: Buffer) => Buffer) => {
    const object = objectOf(name);
    const header = change(Buffer.from(object.headerBytes)).toString("base64url");
    keep(name, object, { description, section, expect: "header failure", failsAt: "mac", header });
  };
  forged("mac-flipped", "flipped bit in the MAC", (bytes) => flipAt(bytes, bytes.byteLength - 1));
  forged("mac-created-at", "changed creation time", (bytes) => flipAt(bytes, 82));
  forged("mac-size", "changed plaintext size", (bytes) => flipAt(bytes, 74));
  const wrong = (name: string, description: string, said: Partial<FormatVector>) => {
    keep(name, objectOf(name), {
      description,
      section: "§3",
      expect: "wrong key",
      failsAt: "commitment",
      ...said,
    });
  };
  const { kek: _, ...unwrapped } = objectOf("wrong-data-key").vector;
  made.set("wrong-data-key", {
    ...unwrapped,
    description: "another data key than the header commits to",
    section: "§3",
    expect: "wrong key",
    failsAt: "commitment",
    dataKey: sha256("another data key").toString("hex"),
  });
  const other = objectOf("another object").keys.commitment;
  const commits = (choices: ObjectChoices) => objectOf("wrong-commitment", choices).vector.header;
  wrong("wrong-commitment", "bound and MACed, but commits to another data key", {
    header: commits({ header: { commitment: other } }),
  });
  const changed = objectOf("wrong-suite", { header: { suite: 2 } }).vector.header;
  wrong("wrong-suite", "header names the other suite: its commitment is another", {
    header: changed,
  });
}

function flipAt(bytes: Buffer, at: number): Buffer {
  return edited(bytes, { from: "", flip: at });
}

function makeBodies(): void {
  const short = objectOf("trailer-md5", { size: 100, trailer: factsOf(100, {}) });
  const two = objectOf("two-chunks-aes", { size: 2 * CHUNK });
  const three = opens("two-chunks-and-one-aes", "131073 bytes: two full chunks and one byte", {
    size: 2 * CHUNK + 1,
  });
  const [a, b] = [SEALED_CHUNK, 2 * SEALED_CHUNK];
  spoiled(["body-flipped-first", short], "flipped bit in the first byte", { source: { flip: 0 } });
  spoiled(["body-flipped-tag", short], "flipped bit in a tag", { source: { flip: 115 } });
  spoiled(["body-flipped-trailer", short], "flipped bit in the trailer", { source: { flip: 116 } });
  const last = { flip: short.stored.byteLength - 1 };
  spoiled(["body-flipped-trailer-tag", short], "flipped bit in the trailer's tag", {
    source: last,
  });
  spoiled(["body-flipped-second-chunk", two], "flipped bit in the second chunk", {
    source: { flip: a },
    releasedBytes: CHUNK,
  });
  spoiled(["body-flipped-trailer-of-two", two], "flipped bit in the trailer of two chunks", {
    source: { flip: b },
    releasedBytes: CHUNK,
  });
  spoiled(["body-empty", short], "no stored byte", { source: { slices: [] } });
  const cut = { slices: [[0, short.stored.byteLength - 1]] as const };
  spoiled(["body-cut-by-one", short], "last byte missing", { source: cut });
  spoiled(["body-no-trailer", short], "trailer missing", { source: { slices: [[0, 116]] } });
  spoiled(["body-cut-at-chunk", three], "cut after the first chunk", {
    source: { slices: [[0, a]] },
    releasedBytes: CHUNK,
  });
  const trailer = [three.stored.byteLength - 128, three.stored.byteLength] as const;
  spoiled(["body-chunk-missing", three], "second chunk missing", {
    source: {
      slices: [
        [0, a],
        [b, trailer[1]],
      ],
    },
    releasedBytes: CHUNK,
  });
  spoiled(["body-end-missing", three], "last chunk missing, trailer in its place", {
    source: { slices: [[0, b], trailer] },
    releasedBytes: 2 * CHUNK,
  });
  spoiled(["body-swapped", three], "first and second chunk swapped", {
    source: {
      slices: [
        [a, b],
        [0, a],
        [b, trailer[1]],
      ],
    },
  });
  spoiled(["body-doubled", three], "first chunk twice", {
    source: {
      slices: [
        [0, a],
        [0, a],
        [b, trailer[1]],
      ],
    },
    releasedBytes: CHUNK,
  });
  spoiled(["body-extended", short], "one byte more", { source: { append: "00" } });
  const more = short.stored.subarray(-128).toString("hex");
  spoiled(["body-trailer-doubled", short], "trailer twice", { source: { append: more } });
  makeStrangeBodies(short);
}

/** Bodies whose bytes were sealed, but not so. */
function makeStrangeBodies(short: VectorObject): void {
  const strange = (name: string, description: string, stored: Buffer) => {
    const { vector } = objectOf(name, { size: 100 });
    made.set(name, {
      ...vector,
      description,
      section: "§6",
      expect: "payload failure",
      failsAt: "body",
      releasedBytes: 0,
      stored: { ...measured(stored), base64: stored.toString("base64") },
    });
  };
  const own = (name: string) => objectOf(name, { size: 100 });
  const plaintext = patternByHand(100);
  const chunk = (name: string, place: { index: number; isFinal: boolean }) =>
    chunkByHand(1, { key: own(name).keys.dataKey, ...place }, plaintext);
  const tail = (name: string) => own(name).stored.subarray(-128);
  const make = (name: string, description: string, first: Buffer) =>
    strange(name, description, Buffer.concat([first, tail(name)]));
  const notFinal = "body-not-final";
  make(
    notFinal,
    "last chunk without its final flag",
    chunk(notFinal, { index: 0, isFinal: false }),
  );
  const counted = "body-counter-from-one";
  make(counted, "counter begins at one", chunk(counted, { index: 1, isFinal: true }));
  strange("body-of-another", "stored bytes of another object of the same size", short.stored);
  const mixed = "body-trailer-of-another";
  const foreign = Buffer.concat([own(mixed).stored.subarray(0, 116), tail("another")]);
  strange(mixed, "trailer of another object", foreign);
  const suite = "body-other-suite";
  const { dataKey } = own(suite).keys;
  const otherwise = chunkByHand(2, { key: dataKey, index: 0, isFinal: true }, plaintext);
  make(suite, "chunk sealed under the other suite", otherwise);
}

makeSizes();
makeTrailers();
makeNames();
makeUnparsedHeaders();
makeMiswrittenHeaders();
makeEnvelopes();
makeForgedHeaders();
makeBodies();
writeVectorFiles(VECTORS, made);
