/**
 * Makes the frozen vectors of sealed metadata once (test/vectors/README.md). Existing files are never overwritten, as in
 * make-format-vectors.ts. `node test/make-metadata-vectors.ts`.
 */
import { sha256 } from "./format-by-hand.ts";
import {
  bytesItem,
  type Entry,
  head,
  mapItem,
  metadataByHand,
  sealedMetadataByHand,
  textItem,
  unsignedItem,
} from "./metadata-by-hand.ts";
import { METADATA_VECTORS, type MetadataVector } from "./metadata-vector.ts";
import { writeVectorFiles } from "./vector-files.ts";
import { headerOf } from "./vector-object.ts";

type Fields = Readonly<Record<string, string>>;

/** What differs from the metadata of an object in one piece under AES. */
interface Choices {
  readonly suite?: 1 | 2;
  readonly flags?: number;
}

const made = new Map<string, MetadataVector>();
const SECTION = "§11";
const ORDINARY: Fields = { "content-type": "text/plain", "x-amz-meta-owner": "somebody" };

/** A header of a name, and how its metadata are sealed. */
function objectOf(name: string, { suite = 1, flags = 2 }: Choices = {}) {
  const size = (flags & 1) === 0 ? 5 : undefined;
  const { keys, bytes, said } = headerOf(name, size, { suite, header: { flags } });
  const under = { suite, keys, mac: bytes.subarray(-32) };
  const nonce = sha256(`metadata nonce of ${name}`).subarray(0, 12);
  return { said, seal: (plaintext: Buffer) => sealedMetadataByHand(under, nonce, plaintext) };
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");
const inHex = (fields: Fields) =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      Buffer.from(value, "latin1").toString("hex"),
    ]),
  );

/** A value that opens. */
function opens(
  name: string,
  description: string,
  { fields = ORDINARY, ...choices }: Choices & { fields?: Fields } = {},
): void {
  const { said, seal } = objectOf(name, choices);
  const plaintext = metadataByHand(fields);
  const shown = { fields: inHex(fields), plaintext: plaintext.toString("hex") };
  const value = text(seal(plaintext));
  made.set(name, { description, section: SECTION, expect: "success", ...said, value, ...shown });
}

/** A value, or none, that is refused. */
function refused(
  name: string,
  why: Pick<MetadataVector, "description"> & Required<Pick<MetadataVector, "failsAt">>,
  { value, ...choices }: Choices & { value(sealed: Buffer): string | undefined },
): void {
  const { said, seal } = objectOf(name, choices);
  const found = value(seal(metadataByHand(ORDINARY)));
  made.set(name, {
    section: SECTION,
    expect: "metadata failure",
    ...why,
    ...said,
    ...(found === undefined ? {} : { value: found }),
  });
}

/** A value that opens, and whose content is malformed. */
function malformed(word: string, plaintext: Buffer): void {
  const name = `content-${word}`;
  const { said, seal } = objectOf(name);
  made.set(name, {
    description: `sealed metadata whose content is malformed: ${word.replaceAll("-", " ")}`,
    section: SECTION,
    expect: "metadata failure",
    failsAt: "content",
    ...said,
    value: text(seal(plaintext)),
    plaintext: plaintext.toString("hex"),
  });
}

function makeOpening(): void {
  opens("ordinary-aes", "a content type and one field of the client's");
  opens("ordinary-chacha", "the same under ChaCha20-Poly1305", { suite: 2 });
  opens("multipart", "of an object in parts", { flags: 3 });
  opens("companion", "of an object in parts with a companion manifest", { flags: 7 });
  opens("nothing", "no field at all", { fields: {} });
  opens("all-content-headers", "every content header, and nothing else", {
    fields: {
      "content-type": "a/b",
      "content-disposition": 'attachment; filename="x"',
      "content-encoding": "gzip",
      "content-language": "de",
      "cache-control": "no-store",
      expires: "Fri, 01 Jan 2038 00:00:00 GMT",
    },
  });
  opens("order-of-names", "names of several lengths: shorter ones first, then byte by byte", {
    fields: Object.fromEntries(
      ["b", "aa", "a", "ab", "z-longer-than-all", "~", "0"].map((name) => [
        `x-amz-meta-${name}`,
        name,
      ]),
    ),
  });
  opens("empty-values", "values without a byte", {
    fields: { "content-type": "", "x-amz-meta-a": "" },
  });
  opens("bytes-of-values", "every byte that a header field may hold", {
    fields: {
      "x-amz-meta-low": [
        "\t",
        ...Array.from({ length: 0x5f }, (_, at) => String.fromCharCode(0x20 + at)),
      ].join(""),
      "x-amz-meta-high": Array.from({ length: 0x80 }, (_, at) =>
        String.fromCharCode(0x80 + at),
      ).join(""),
    },
  });
  for (const length of [23, 24, 255, 256, 1200]) {
    opens(`value-of-${length}`, `a value of ${length} bytes`, {
      fields: { "x-amz-meta-a": "v".repeat(length) },
    });
  }
  const many = Array.from({ length: 30 }, (_, at) => [`x-amz-meta-n${at}`, `${at}`] as const);
  opens("thirty-names", "thirty fields: a map whose head has a byte more", {
    fields: Object.fromEntries(many),
  });
}

function makeFlags(): void {
  const failsAt = "flag";
  refused(
    "flag-without-value",
    { description: "the flag, and no value", failsAt },
    { value: () => undefined },
  );
  for (const flags of [0, 1, 5]) {
    const description = `a value beside a header with flags ${flags}`;
    refused(`value-without-flag-${flags}`, { description, failsAt }, { flags, value: text });
  }
}

function makeMiswritten(): void {
  const miswritten = (word: string, description: string, value: (sealed: Buffer) => string) =>
    refused(`value-${word}`, { description, failsAt: "parse" }, { value });
  miswritten("empty", "empty value", () => "");
  miswritten("too-short", "27 bytes: less than nonce and tag", (sealed) =>
    text(sealed.subarray(0, 27)),
  );
  miswritten("too-long", "more than 2048 characters", () => text(Buffer.alloc(1537, 7)));
  miswritten("padded", "base64url with padding", (sealed) => `${text(sealed)}==`);
  miswritten("space", "a space at the end", (sealed) => `${text(sealed)} `);
  miswritten("base64", "plain base64 alphabet", (sealed) => `${text(sealed).slice(0, -4)}+/+/`);
}

function makeUnopened(): void {
  const unopened = (word: string, description: string, value: (sealed: Buffer) => string) =>
    refused(`value-${word}`, { description, failsAt: "open" }, { value });
  const flip = (sealed: Buffer, at: number) => {
    const bytes = Buffer.from(sealed);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    return text(bytes);
  };
  unopened("flipped-nonce", "flipped bit in the nonce", (sealed) => flip(sealed, 0));
  unopened("flipped-first", "flipped bit in the first byte of the ciphertext", (sealed) =>
    flip(sealed, 12),
  );
  unopened("flipped-tag", "flipped bit in the tag", (sealed) =>
    flip(sealed, sealed.byteLength - 1),
  );
  unopened("cut-by-one", "last byte missing", (sealed) => text(sealed.subarray(0, -1)));
  unopened("cut-to-tag", "nonce and tag alone", (sealed) =>
    text(Buffer.concat([sealed.subarray(0, 12), sealed.subarray(-16)])),
  );
  unopened("longer", "one byte more", (sealed) => text(Buffer.concat([sealed, Uint8Array.of(0)])));
  unopened("of-another", "sealed under another object's header and keys", () =>
    text(objectOf("another").seal(metadataByHand(ORDINARY))),
  );
  const { seal } = sealedWith((parts) => ({ ...parts, mac: sha256("another mac") }));
  unopened("other-mac", "sealed under the object's key for another header", () =>
    seal("value-other-mac"),
  );
  const other = sealedWith(({ keys, ...parts }) => ({
    ...parts,
    keys: { metadataKey: keys.dataKey },
  }));
  unopened("other-key", "sealed under the key of the data", () => other.seal("value-other-key"));
}

/** Seals ordinary metadata under parts of a name's header that were changed. */
function sealedWith(
  change: (parts: {
    suite: number;
    keys: ReturnType<typeof headerOf>["keys"];
    mac: Buffer;
  }) => Parameters<typeof sealedMetadataByHand>[0],
) {
  return {
    seal(name: string): string {
      const { suite, keys, bytes } = headerOf(name, 5, { header: { flags: 2 } });
      const under = change({ suite, keys, mac: bytes.subarray(-32) });
      const nonce = sha256(`metadata nonce of ${name}`).subarray(0, 12);
      return text(sealedMetadataByHand(under, nonce, metadataByHand(ORDINARY)));
    },
  };
}

function makeMalformed(): void {
  const type: Entry = [unsignedItem(1), bytesItem("a/b")];
  const user = (...entries: Entry[]): Entry => [unsignedItem(0), mapItem(entries)];
  const named = (name: string, value = "v"): Entry => [textItem(name), bytesItem(value)];
  const join = (...parts: Uint8Array[]) => Buffer.concat(parts);
  malformed("empty", Buffer.alloc(0));
  malformed("trailing-byte", join(mapItem([type]), Uint8Array.of(0)));
  malformed("two-maps", join(mapItem([type]), mapItem([])));
  malformed("no-map", bytesItem("a"));
  malformed("cut", mapItem([type]).subarray(0, -1));
  malformed("count-too-large", join(head(5, 2), ...type));
  malformed("count-huge", join(head(5, 0xffff_ffff), ...type));
  malformed("unknown-number", mapItem([[unsignedItem(7), bytesItem("v")]]));
  malformed("name-for-number", mapItem([named("content-type")]));
  malformed("numbers-fall", mapItem([[unsignedItem(2), bytesItem("v")], type]));
  malformed("number-twice", mapItem([type, type]));
  malformed("number-twice-other-value", mapItem([type, [unsignedItem(1), bytesItem("b")]]));
  malformed("number-in-long-head", mapItem([[head(0, 1, 1), bytesItem("v")]]));
  malformed(
    "length-in-long-head",
    mapItem([[unsignedItem(1), join(head(2, 1, 1), Buffer.from("v"))]]),
  );
  malformed(
    "length-in-longer-head",
    mapItem([[unsignedItem(1), join(head(2, 30, 2), Buffer.alloc(30, 97))]]),
  );
  malformed("count-in-long-head", join(head(5, 1, 1), ...type));
  malformed("text-for-bytes", mapItem([[unsignedItem(1), textItem("a/b")]]));
  malformed("null-for-bytes", mapItem([[unsignedItem(1), Buffer.from("f6", "hex")]]));
  malformed("tagged", join(Buffer.from("d9d9f7", "hex"), mapItem([type])));
  malformed("indefinite-map", join(Buffer.from("bf", "hex"), ...type, Buffer.from("ff", "hex")));
  malformed("indefinite-bytes", mapItem([[unsignedItem(1), Buffer.from("5f4161ff", "hex")]]));
  malformed("reserved-head", mapItem([[unsignedItem(1), Buffer.from("5c", "hex")]]));
  malformed(
    "length-of-eight-bytes",
    mapItem([[unsignedItem(1), Buffer.from("5b000000000000000161", "hex")]]),
  );
  malformed("user-empty", mapItem([user()]));
  malformed("user-no-map", mapItem([[unsignedItem(0), bytesItem("v")]]));
  malformed("user-names-fall", mapItem([user(named("b"), named("a"))]));
  malformed("user-longer-name-first", mapItem([user(named("aa"), named("b"))]));
  malformed("user-name-twice", mapItem([user(named("a"), named("a"))]));
  malformed("user-number-for-name", mapItem([user([unsignedItem(1), bytesItem("v")])]));
  malformed("user-name-upper-case", mapItem([user(named("A"))]));
  malformed("user-name-with-colon", mapItem([user(named("a:"))]));
  malformed("user-name-not-ascii", mapItem([user(named("\u00fc"))]));
  malformed("user-name-not-utf8", mapItem([user([Buffer.from("61ff", "hex"), bytesItem("v")])]));
  malformed("user-name-of-the-gateway", mapItem([user(named("s3eg"))]));
  malformed("user-name-begins-with-the-gateways", mapItem([user(named("s3eg-m"))]));
  malformed("value-line-break", mapItem([[unsignedItem(1), bytesItem("a\r\nb")]]));
  malformed("value-nul", mapItem([user(named("a", "\0"))]));
  malformed("value-delete", mapItem([user(named("a", "\x7f"))]));
}

makeOpening();
makeFlags();
makeMiswritten();
makeUnopened();
makeMalformed();
writeVectorFiles(METADATA_VECTORS, made);
