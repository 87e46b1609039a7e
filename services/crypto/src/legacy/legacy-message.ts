/**
 * One AEAD message of any size in constant memory (docs/format-1.md §5): a first read finds what it verifies with and remembers a hash of
 * every block, a second one deciphers, and lets a block go only if it has the hash of the block that was verified.
 */
import { hash } from "node:crypto";
import { Fault } from "@s3eg/shared/faults.ts";
import { TAG_BYTES } from "@s3eg/shared/format/layout.ts";
import type { Body, Take } from "@s3eg/shared/http/body.ts";
import { type LegacyCipher, legacyDecipher } from "@s3eg/shared/sealing/legacy-aead.ts";
import type { LegacyStored } from "./legacy-stored.ts";

const BLOCK_BYTES = 1024 * 1024;

/** A message that verified. */
export interface VerifiedMessage {
  readonly plainBytes: number;
  /** The plaintext from `start` to `end`, exclusive. */
  read(start: number, end: number): Promise<Body>;
}

/** Reads the whole message once. `crypto.integrity` if it verifies under none of the ciphers. */
export async function verifyMessage(
  stored: LegacyStored,
  ciphers: readonly LegacyCipher[],
): Promise<VerifiedMessage> {
  const plainBytes = stored.storedBytes - TAG_BYTES;
  if (plainBytes < 0) throw new Fault("crypto.integrity", "stored object is cut short");
  const deciphers = ciphers.map((cipher) => ({ cipher, decipher: legacyDecipher(cipher) }));
  const hashes: string[] = [];
  const tag = await eachBlock(await stored.read(0, stored.storedBytes), plainBytes, (block) => {
    hashes.push(hash("sha256", block));
    for (const { decipher } of deciphers) decipher.update(block);
  });
  const found = deciphers.find(({ decipher }) => {
    try {
      decipher.setAuthTag(tag);
      decipher.final();
      return true;
    } catch {
      return false;
    }
  });
  if (!found) throw new Fault("crypto.integrity", "stored bytes do not verify");
  return {
    plainBytes,
    async read(start, end) {
      if (start >= end) return { pump: () => Promise.resolve(), destroy: () => undefined };
      // Deciphering has no beginning but the first byte; what lies behind the end is not needed.
      const last = Math.min(plainBytes, Math.ceil(end / BLOCK_BYTES) * BLOCK_BYTES);
      const isAll = last === plainBytes;
      const body = await stored.read(0, isAll ? stored.storedBytes : last);
      return deciphered({ body, lastByte: last, hashes, cipher: found.cipher }, { start, end });
    },
  };
}

function deciphered(
  message: {
    readonly body: Body;
    readonly lastByte: number;
    readonly hashes: readonly string[];
    readonly cipher: LegacyCipher;
  },
  { start, end }: { start: number; end: number },
): Body {
  const { body, lastByte, hashes, cipher } = message;
  return {
    async pump(take: Take) {
      const decipher = legacyDecipher(cipher);
      let [number, at] = [0, 0];
      await eachBlock(body, lastByte, (block) => {
        if (hash("sha256", block) !== hashes[number]) {
          throw new Fault("crypto.integrity", "object was not the same when it was read again");
        }
        number += 1;
        const plain = decipher.update(block);
        const from = Math.max(0, start - at);
        const to = Math.min(plain.byteLength, end - at);
        at += plain.byteLength;
        return from < to ? take(plain.subarray(from, to)) : undefined;
      });
    },
    destroy: (reason) => body.destroy(reason),
  };
}

/** Hands on the first `bytes` bytes block by block, and gives what comes after them. */
async function eachBlock(
  body: Body,
  bytes: number,
  take: (block: Buffer) => void | Promise<void>,
): Promise<Buffer> {
  let gathered: Uint8Array[] = [];
  let gatheredBytes = 0;
  let at = 0;
  const rest: Uint8Array[] = [];
  const flush = () => {
    const block = Buffer.concat(gathered, gatheredBytes);
    gathered = [];
    gatheredBytes = 0;
    return block.byteLength > 0 ? take(block) : undefined;
  };
  await body.pump(async (piece) => {
    for (let from = 0; from < piece.byteLength; ) {
      const room = Math.min(BLOCK_BYTES - gatheredBytes, bytes - at);
      if (room === 0) {
        rest.push(piece.subarray(from));
        return;
      }
      const part = piece.subarray(from, from + room);
      gathered.push(part);
      gatheredBytes += part.byteLength;
      at += part.byteLength;
      from += part.byteLength;
      if (gatheredBytes === BLOCK_BYTES || at === bytes) await flush();
    }
  });
  if (at !== bytes) throw new Fault("crypto.integrity", "stored object is cut short");
  return Buffer.concat(rest);
}
