/** An object's metadata, as the bytes that are sealed where policy says so (format.md §11). */
import { Fault } from "../faults.ts";
import { CborReader, cborBytes, cborMap, cborText, cborUnsigned } from "./cbor.ts";
import { HEADER_FIELD, METADATA_FIELD } from "./layout.ts";

/** Header fields by lower-case name; values are latin-1, one character a byte. */
export type MetadataFields = Readonly<Record<string, string>>;

/** Content headers of an object, and their numbers in the map. 0 is the map of user metadata. */
const CONTENT_NUMBERS = {
  "content-type": 1,
  "content-disposition": 2,
  "content-encoding": 3,
  "content-language": 4,
  "cache-control": 5,
  expires: 6,
} as const;
/** Header fields that describe the content of an object. */
export const CONTENT_FIELDS: readonly string[] = Object.keys(CONTENT_NUMBERS);
const USER_NUMBER = 0;
const PREFIX = "x-amz-meta-";
/** What the gateway's own names begin with, behind the prefix. */
const OWN = HEADER_FIELD.slice(PREFIX.length);

/** What a backend is told of an object whose metadata are sealed. */
const UNTOLD_TYPE = "application/octet-stream";
/** What S3 tells of an object whose client told no type (S3 API, GetObject). */
const DEFAULT_TYPE = "binary/octet-stream";

/** A name behind the prefix, as it may stand in a field (RFC 9110 §5.1), in lower case. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]*$/;
/** Everything but control characters and what is not latin-1 (RFC 9110 §5.5). */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** True for a header field that is metadata: a client's own, or one that describes the content. */
export function isMetadataField(name: string): boolean {
  return (
    CONTENT_FIELDS.includes(name) || (name.startsWith(PREFIX) && !name.startsWith(HEADER_FIELD))
  );
}

/** Header fields to store, parted into what is sealed and what the backend must know. */
export function partMetadata(headers: MetadataFields): {
  metadata: MetadataFields;
  others: MetadataFields;
} {
  const fields = Object.entries(headers);
  return {
    metadata: Object.fromEntries(fields.filter(([name]) => isMetadataField(name))),
    others: Object.fromEntries(fields.filter(([name]) => !isMetadataField(name))),
  };
}

/** Header fields to store with an object whose metadata are sealed into `value`; `others` must be free of metadata. */
export function hiddenMetadata(others: MetadataFields, value: string): MetadataFields {
  return { ...others, "content-type": UNTOLD_TYPE, [METADATA_FIELD]: value };
}

/** The header fields of a backend's answer with the opened metadata in the place of what it said itself. */
export function shownMetadata(headers: MetadataFields, opened: MetadataFields): MetadataFields {
  return { ...partMetadata(headers).others, "content-type": DEFAULT_TYPE, ...opened };
}

/** The bytes of metadata: the same for the same fields, in whatever order they come. `input.invalid` for a field that no header can hold. */
export function encodeMetadata(metadata: MetadataFields): Buffer {
  const user: [Buffer, Buffer][] = [];
  const entries: [Buffer, Buffer][] = [];
  for (const [name, value] of Object.entries(metadata)) {
    const number = numberOf(name);
    const own = number === undefined ? name.slice(PREFIX.length) : "";
    const isKnown = number !== undefined || (name.startsWith(PREFIX) && isClients(own));
    if (!isKnown || !VALUE.test(value)) {
      throw new Fault("input.invalid", "a field of the metadata can't stand in a header");
    }
    const bytes = cborBytes(Buffer.from(value, "latin1"));
    if (number === undefined) user.push([cborText(own), bytes]);
    else entries.push([cborUnsigned(number), bytes]);
  }
  if (user.length > 0) entries.push([cborUnsigned(USER_NUMBER), cborMap(user)]);
  return cborMap(entries);
}

/** Parses the bytes of metadata; anything but the one encoding of valid fields is `crypto.integrity`. */
export function decodeMetadata(bytes: Buffer): MetadataFields {
  const metadata: Record<string, string> = {};
  const reader = new CborReader(bytes, "metadata");
  const keep = (name: string) => {
    const value = reader.bytes().toString("latin1");
    if (!VALUE.test(value)) throw malformed();
    metadata[name] = value;
  };
  const keepUser = () => {
    let count = 0;
    reader.map(
      () => reader.text(),
      (name) => {
        if (!isClients(name)) throw malformed();
        keep(`${PREFIX}${name}`);
        count += 1;
      },
    );
    if (count === 0) throw malformed();
  };
  reader.map(
    () => reader.unsigned(),
    (number) => (number === USER_NUMBER ? keepUser() : keep(nameOf(number))),
  );
  reader.end();
  return metadata;
}

function numberOf(name: string): number | undefined {
  return Object.entries(CONTENT_NUMBERS).find(([known]) => known === name)?.[1];
}

function nameOf(number: number): string {
  const found = Object.entries(CONTENT_NUMBERS).find(([, known]) => known === number);
  if (!found) throw malformed();
  return found[0];
}

/** The gateway's own names are no client's. */
function isClients(name: string): boolean {
  return NAME.test(name) && !name.startsWith(OWN);
}

function malformed(): Fault {
  return new Fault("crypto.integrity", "metadata is malformed");
}
