/** Messages between keys and the process of a PKCS#11 module: lists of byte fields, framed on a stream. Nothing of them becomes text on the way. */
import { FieldReader, lengthPrefixed } from "@s3eg/shared/format/bytes.ts";

/** More than any message has: an opening with its PIN is the longest. */
const MAX_BYTES = 65_536;
const LENGTH_BYTES = 4;

/** A message as it is written: `u32 length ‖ lp(field) …`. */
export function framed(fields: readonly Uint8Array[]): Buffer {
  const parts = fields.map(lengthPrefixed);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  const frame = Buffer.concat([length, ...parts]);
  for (const part of parts) part.fill(0);
  return frame;
}

/** Puts messages together from the pieces in which they arrive. */
export class FrameReader {
  #held: Buffer = Buffer.alloc(0);

  /** The messages that are complete by now; wipes `piece`. A Fault for what is no message: the stream is of no use then. */
  push(piece: Buffer): Buffer[][] {
    const all = Buffer.concat([this.#held, piece]);
    piece.fill(0);
    this.#held.fill(0);
    const messages: Buffer[][] = [];
    let at = 0;
    while (all.byteLength - at >= LENGTH_BYTES) {
      const length = all.readUInt32BE(at);
      if (length > MAX_BYTES) throw new FieldReader(all, "message of a module").malformed();
      const end = at + LENGTH_BYTES + length;
      if (end > all.byteLength) break;
      messages.push(fieldsOf(Buffer.from(all.subarray(at + LENGTH_BYTES, end))));
      at = end;
    }
    this.#held = Buffer.from(all.subarray(at));
    all.fill(0);
    return messages;
  }
}

function fieldsOf(body: Buffer): Buffer[] {
  const reader = new FieldReader(body, "message of a module");
  const fields: Buffer[] = [];
  while (reader.position < body.byteLength) fields.push(reader.lengthPrefixed());
  return fields;
}
