/** Makes stored objects as releases of format 1 did (docs/format-1.md), for tests. */
import { createCipheriv } from "node:crypto";
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { type Body, bodyOfPieces } from "@s3eg/shared/http/body.ts";
import { legacyAads } from "@s3eg/shared/legacy/legacy-aad.ts";
import { legacyMetadataOf } from "@s3eg/shared/legacy/legacy-metadata.ts";
import { chunkNonces, type NonceOf } from "@s3eg/shared/legacy/legacy-nonces.ts";
import { legacySealOf } from "@s3eg/shared/legacy/legacy-object.ts";
import type { LegacyStored } from "../../src/legacy/legacy-stored.ts";

const bytesFrom = (first: number, count: number) =>
  Buffer.from(Array.from({ length: count }, (_, n) => first + n));

export const DATA_KEY = bytesFrom(1, 32);
export const NONCE = bytesFrom(0, 12);
export const SALT = bytesFrom(0x20, 32);
export const CHUNK = 16_384;
const PREFIX = "x-amz-meta-";

/** Headers of an object: the marks that each has, and others by their names without prefix; undefined takes one away. */
export function headersOf(wish: Readonly<Record<string, string | undefined>> = {}): HeaderFields {
  const all: Record<string, string | undefined> = {
    encrypted: "true",
    "encryption-algorithm": "AES256-GCM",
    "encryption-key-salt": SALT.toString("base64"),
    "encryption-iv": NONCE.toString("base64"),
    ...wish,
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) =>
      value === undefined ? [] : [[`${PREFIX}${name}`, value]],
    ),
  );
}

interface Sealing {
  readonly key?: Buffer;
  readonly nonce?: Buffer;
  readonly aad?: Buffer;
  readonly algorithm?: "aes-256-gcm" | "chacha20-poly1305";
}

/** One AEAD message: ciphertext and tag. */
export function sealed(plain: Uint8Array, how: Sealing = {}): Buffer {
  const { key = DATA_KEY, nonce = NONCE, aad, algorithm = "aes-256-gcm" } = how;
  const cipher = createCipheriv(algorithm as "aes-256-gcm", key, nonce, { authTagLength: 16 });
  if (aad) cipher.setAAD(aad);
  const bytes = cipher.update(plain);
  cipher.final();
  return Buffer.concat([bytes, cipher.getAuthTag()]);
}

/** The associated data that a release with length prefixes gave an object with these headers. */
export function aadOf(headers: HeaderFields, hasKeyVersion = true): Buffer {
  const seal = legacySealOf(legacyMetadataOf(headers) ?? new Map());
  const [aad = Buffer.alloc(0)] = legacyAads(seal, {
    contentTypes: [""],
    hasKeyVersion,
    acceptsNone: false,
  });
  return aad;
}

/** Value of `encryption-manifest` for chunks of `CHUNK` bytes. */
export function manifestOf(wish: Readonly<Record<string, unknown>> = {}): string {
  const fields = { v: 1, cs: CHUNK, cc: 0, iv: NONCE.toString("base64"), ivd: "hkdf-sha256" };
  return Buffer.from(JSON.stringify({ ...fields, ...wish })).toString("base64");
}

const HKDF = chunkNonces({ chunkBytes: CHUNK, baseNonce: NONCE, nonces: "hkdf" });
/** Nonces of the first releases. */
export const XOR: NonceOf = chunkNonces({ chunkBytes: CHUNK, baseNonce: NONCE, nonces: "xor" });

/** Chunks that are sealed one by one. */
export function chunked(
  plain: Buffer,
  how: { readonly nonceOf?: NonceOf; readonly chunkBytes?: number } = {},
): Buffer {
  const { nonceOf = HKDF, chunkBytes = CHUNK } = how;
  return Buffer.concat(
    Array.from({ length: Math.ceil(plain.length / chunkBytes) }, (_, index) =>
      sealed(plain.subarray(index * chunkBytes, (index + 1) * chunkBytes), {
        nonce: nonceOf(index),
      }),
    ),
  );
}

/** Metadata in front of a payload: its length, then JSON. */
export function withFront(headers: HeaderFields, payload: Buffer): Buffer {
  const json = Buffer.from(JSON.stringify(headers));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  return Buffer.concat([length, json, payload]);
}

/** Bytes of which no two chunks are alike. */
export function patterned(size: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: size }, (_, n) => (n * 31 + (n >> 14)) % 251));
}

/** A stored object in memory. It notes what is read of it; `change` gives other bytes for a read, by its number from 1. */
export class MemoryStored implements LegacyStored {
  readonly reads: [start: number, end: number][] = [];
  readonly bytes: Buffer;
  readonly headers: HeaderFields;
  change: (bytes: Buffer, readNumber: number) => Buffer = (bytes) => bytes;
  beside: LegacyStored | undefined;
  pieceBytes = 60_000;

  constructor(bytes: Buffer, headers: HeaderFields) {
    this.bytes = bytes;
    this.headers = headers;
  }

  get storedBytes(): number {
    return this.bytes.length;
  }

  async read(start: number, end: number): Promise<Body> {
    await Promise.resolve();
    this.reads.push([start, end]);
    const bytes = this.change(this.bytes.subarray(start, end), this.reads.length);
    return bodyOfPieces(
      Array.from({ length: Math.ceil(bytes.length / this.pieceBytes) }, (_, n) =>
        bytes.subarray(n * this.pieceBytes, (n + 1) * this.pieceBytes),
      ),
    );
  }

  async companion(): Promise<LegacyStored> {
    await Promise.resolve();
    if (this.beside) return this.beside;
    throw new Error("asked for a companion");
  }
}

/** All bytes of a body. */
export async function bytesOfBody(body: Body): Promise<Buffer> {
  const pieces: Buffer[] = [];
  await body.pump((piece) => void pieces.push(Buffer.from(piece)));
  return Buffer.concat(pieces);
}

/** With one bit turned. */
export function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
}
