/** Makes the objects of the format vectors: everything follows from the vector's name, so that a vector can be made again. */
import {
  bindingByHand,
  checksumByHand,
  headerBytes,
  hmac,
  keysByHand,
  patternByHand,
  type RawHeader,
  type RawKeys,
  sha256,
  wrapByHand,
} from "./format-by-hand.ts";
import {
  type FormatVector,
  measured,
  sealPattern,
  trailerBytes,
  type VectorTrailer,
} from "./format-vector.ts";

/** 2026-01-01T00:00:00Z. */
const CREATED_AT_MS = 1_767_225_600_000n;
const PLACE = { bucket: "vectors", key: "photos/2026/cat.jpg" };
/** Longest stored bytes that are written down in a vector. */
const WRITTEN_BYTES = 600;

/** What differs from an ordinary object. */
export interface ObjectChoices {
  readonly size?: number;
  readonly suite?: 1 | 2;
  readonly trailer?: VectorTrailer;
  readonly place?: { readonly bucket: string; readonly key: string };
  /** Changes header fields before the data key is wrapped. */
  readonly header?: Partial<RawHeader>;
  /** Changes header fields after it was wrapped, under a MAC that is right all the same. */
  readonly rewritten?: Partial<RawHeader>;
  /** Makes another payload for the envelope. */
  readonly payload?: (payload: Buffer) => Buffer;
  /** Makes another envelope. */
  readonly wrapped?: (wrappedKey: Buffer) => Buffer;
}

/** An object, and how to make a vector of it. */
export interface VectorObject {
  readonly name: string;
  readonly suite: 1 | 2;
  readonly keys: RawKeys;
  readonly headerBytes: Buffer;
  readonly stored: Buffer;
  readonly vector: FormatVector;
}

/** A header and what it was made from. */
export interface VectorHeader {
  readonly suite: 1 | 2;
  readonly keys: RawKeys;
  readonly bytes: Buffer;
  /** What every vector says of it. */
  readonly said: Required<Pick<FormatVector, "kek" | "dataKey" | "place" | "header">>;
}

/** The header of a name: of an object of `size` bytes, or, where that is undefined, of one uploaded in parts. */
export function headerOf(
  name: string,
  size: number | undefined,
  choices: Omit<ObjectChoices, "size" | "trailer"> = {},
): VectorHeader {
  const { suite = 1, place = PLACE } = choices;
  const flags = size === undefined ? 1 : 0;
  const dataKey = sha256(`data key of ${name}`);
  const kek = sha256("key-encryption key of the vectors");
  const objectId = sha256(`object id of ${name}`);
  const keys = keysByHand(dataKey, { objectId, suite, flags });
  const raw: RawHeader = {
    version: 2,
    suite,
    flags,
    objectId,
    commitment: keys.commitment,
    plaintextSize: size === undefined ? 0xffff_ffff_ffff_ffffn : BigInt(size),
    createdAtMs: CREATED_AT_MS,
    provider: Buffer.from("aes"),
    keyId: Buffer.from("kek-a"),
    keyVersion: 1,
    wrappedKey: Buffer.alloc(0),
    ...choices.header,
  };
  const binding = bindingByHand(raw, place);
  const payload = Buffer.concat([Uint8Array.of(1), dataKey, binding]);
  const sealing = {
    salt: sha256(`salt of ${name}`),
    iv: sha256(`iv of ${name}`).subarray(0, 12),
    binding,
  };
  const wrappedKey = wrapByHand(kek, sealing, choices.payload?.(payload) ?? payload);
  const header = { ...raw, wrappedKey: choices.wrapped?.(wrappedKey) ?? wrappedKey };
  const macInput = headerBytes({ ...header, ...choices.rewritten });
  const bytes = Buffer.concat([macInput, hmac(keys.headerKey, macInput)]);
  const said = {
    kek: kek.toString("hex"),
    dataKey: dataKey.toString("hex"),
    place,
    header: bytes.toString("base64url"),
  };
  return { suite, keys, bytes, said };
}

/** The object of a name. */
export function objectOf(name: string, choices: ObjectChoices = {}): VectorObject {
  const { size = 5, trailer = {}, ...others } = choices;
  const { suite, keys, bytes, said } = headerOf(name, size, others);
  const stored = sealPattern({ suite, keys, size, trailer: trailerBytes(trailer) });
  const vector: FormatVector = {
    description: "",
    section: "§6",
    expect: "success",
    ...said,
    plaintext: measured(patternByHand(size)),
    trailer,
    stored: { ...measured(stored), ...writtenDown(stored) },
  };
  return { name, suite, keys, headerBytes: bytes, stored, vector };
}

/** Stored bytes in base64, where they are few. */
export function writtenDown(stored: Buffer): { base64: string } | { sealed: true } {
  return stored.byteLength <= WRITTEN_BYTES
    ? { base64: stored.toString("base64") }
    : { sealed: true };
}

/** The facts of a trailer for a pattern of `size` bytes. */
export function factsOf(
  size: number,
  wanted: {
    hasMd5?: boolean;
    algorithm?: NonNullable<VectorTrailer["checksum"]>["algorithm"];
    type?: "FULL_OBJECT" | "COMPOSITE";
  },
): VectorTrailer {
  const plaintext = patternByHand(size);
  const { hasMd5 = true, algorithm, type = "FULL_OBJECT" } = wanted;
  return {
    ...(hasMd5 ? { md5: checksumByHand("md5", plaintext).toString("hex") } : {}),
    ...(algorithm
      ? {
          checksum: {
            algorithm,
            type,
            value: checksumByHand(algorithm, plaintext).toString("hex"),
          },
        }
      : {}),
  };
}
