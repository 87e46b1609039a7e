/**
 * The guarded cipher: the one place where object bytes meet `node:crypto`. It owns the counter nonce, so no (key, nonce) pair can
 * seal two plaintexts, and hands out plaintext only after its tag verified.
 */
import { createCipheriv, createDecipheriv, type KeyObject } from "node:crypto";
import { Fault } from "../faults.ts";
import { CHUNK_BYTES, SUITE, type SuiteNumber, TAG_BYTES } from "../format/layout.ts";

const NONCE_BYTES = 12;
const ALGORITHM = {
  [SUITE.aes256Gcm]: "aes-256-gcm",
  [SUITE.chacha20Poly1305]: "chacha20-poly1305",
} as const;

/** Nonce of a chunk: u88 index, u8 final flag (format.md §6). */
function chunkNonce(index: number, isFinal: boolean): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeUIntBE(index, 5, 6);
  nonce.writeUInt8(isFinal ? 1 : 0, 11);
  return nonce;
}

// The two suites share their interface, but the typings know them by literal algorithm names.
function cipherOf(suite: SuiteNumber, key: KeyObject, nonce: Uint8Array) {
  return createCipheriv(ALGORITHM[suite] as "aes-256-gcm", key, nonce, {
    authTagLength: TAG_BYTES,
  });
}

/** A decipher; what it gives is worth nothing before its tag verified. For this file, and for format 1 (legacy-aead.ts). */
export function decipherOf(suite: SuiteNumber, key: KeyObject, nonce: Uint8Array) {
  return createDecipheriv(ALGORITHM[suite] as "aes-256-gcm", key, nonce, {
    authTagLength: TAG_BYTES,
  });
}

/** A key for chunks of one stream. */
export interface StreamKey {
  readonly suite: SuiteNumber;
  readonly key: KeyObject;
}

/**
 * Seals the chunks 0 … chunkCount-1 of one stream, each once, in order. The cipher of a chunk stays open across pieces, so nothing
 * is gathered; each chunk but the last must be full.
 */
export class ChunkSealer {
  readonly #stream: StreamKey;
  readonly #chunkCount: number;
  #index = 0;
  #filled = 0;
  #cipher: ReturnType<typeof cipherOf> | undefined;

  constructor(stream: StreamKey, chunkCount: number) {
    this.#stream = stream;
    this.#chunkCount = chunkCount;
  }

  /** Plaintext bytes that still fit the open chunk. */
  get room(): number {
    return CHUNK_BYTES - this.#filled;
  }

  /** Ciphertext of the next piece of the open chunk. */
  update(piece: Uint8Array): Buffer {
    if (piece.byteLength > this.room) throw new RangeError("piece exceeds its chunk");
    this.#filled += piece.byteLength;
    return this.#open().update(piece);
  }

  /** Ends the open chunk: its tag. */
  finishChunk(): Buffer {
    const isFinal = this.#index === this.#chunkCount - 1;
    if (!isFinal && this.room > 0) throw new RangeError("only the last chunk may be short");
    const cipher = this.#open();
    cipher.final();
    this.#cipher = undefined;
    this.#filled = 0;
    this.#index += 1;
    return cipher.getAuthTag();
  }

  #open() {
    if (this.#index >= this.#chunkCount) throw new RangeError("stream has no further chunk");
    this.#cipher ??= cipherOf(
      this.#stream.suite,
      this.#stream.key,
      chunkNonce(this.#index, this.#index === this.#chunkCount - 1),
    );
    return this.#cipher;
  }
}

/** Opens consecutive chunks of one stream, beginning anywhere. Plaintext is held until its chunk's tag verified. */
export class ChunkOpener {
  readonly #stream: StreamKey;
  readonly #chunkCount: number;
  #index: number;
  #decipher: ReturnType<typeof decipherOf> | undefined;
  #held: Buffer[] = [];

  /** `chunkCount` is that of the whole stream: it decides which chunk must carry the final flag. */
  constructor(stream: StreamKey, chunkCount: number, firstChunk: number) {
    this.#stream = stream;
    this.#chunkCount = chunkCount;
    this.#index = firstChunk;
  }

  /** Takes the next ciphertext piece of the open chunk (without its tag). The piece is not kept. */
  update(piece: Uint8Array): void {
    this.#held.push(this.#open().update(piece));
  }

  /** Verifies the open chunk's tag and releases its plaintext, piece by piece; a tag that does not verify is `crypto.integrity`. */
  finishChunk(tag: Uint8Array): Buffer[] {
    const decipher = this.#open();
    decipher.setAuthTag(tag);
    try {
      decipher.final();
    } catch (cause) {
      throw new Fault("crypto.integrity", `chunk ${this.#index} does not verify`, { cause });
    }
    const plaintext = this.#held;
    this.#held = [];
    this.#decipher = undefined;
    this.#index += 1;
    return plaintext;
  }

  #open() {
    if (this.#index >= this.#chunkCount) throw new RangeError("stream has no further chunk");
    this.#decipher ??= decipherOf(
      this.#stream.suite,
      this.#stream.key,
      chunkNonce(this.#index, this.#index === this.#chunkCount - 1),
    );
    return this.#decipher;
  }
}

/** Seals a message whose key seals nothing else, under the all-zero nonce (format.md §6: the trailer). */
export function sealOnce(stream: StreamKey, plaintext: Uint8Array): Buffer {
  return sealWithNonce(stream, Buffer.alloc(NONCE_BYTES), plaintext);
}

/** Opens what `sealOnce` sealed; anything else is `crypto.integrity`. */
export function openOnce(stream: StreamKey, sealed: Uint8Array): Buffer {
  return openWithNonce(stream, Buffer.alloc(NONCE_BYTES), sealed);
}

/** A key for single messages, and what else their tags cover. */
export interface MessageKey extends StreamKey {
  readonly aad?: Uint8Array;
}

/**
 * Seals a message under a nonce that the caller derives from the message itself (format.md §7: the manifest) or draws at random (§11:
 * metadata).
 */
export function sealWithNonce(
  message: MessageKey,
  nonce: Uint8Array,
  plaintext: Uint8Array,
): Buffer {
  const cipher = cipherOf(message.suite, message.key, nonce);
  if (message.aad) cipher.setAAD(message.aad);
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** Opens what `sealWithNonce` sealed; anything else is `crypto.integrity`. */
export function openWithNonce(message: MessageKey, nonce: Uint8Array, sealed: Uint8Array): Buffer {
  const tagAt = sealed.byteLength - TAG_BYTES;
  if (tagAt < 0) throw new Fault("crypto.integrity", "sealed message is cut short");
  const decipher = decipherOf(message.suite, message.key, nonce);
  if (message.aad) decipher.setAAD(message.aad);
  decipher.setAuthTag(sealed.subarray(tagAt));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, tagAt)), decipher.final()]);
  } catch (cause) {
    throw new Fault("crypto.integrity", "sealed message does not verify", { cause });
  }
}
