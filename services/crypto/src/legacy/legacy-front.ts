/** The metadata in front of a payload: its length, then JSON (docs/format-1.md §7). */
import { Fault } from "@s3eg/shared/faults.ts";
import { type Body, collectBody } from "@s3eg/shared/http/body.ts";
import { type LegacyMetadata, legacyMetadataOfJson } from "@s3eg/shared/legacy/legacy-metadata.ts";

const LENGTH_BYTES = 4;
const MAX_FRONT_BYTES = 1024 * 1024;

/** What stands in front, and how many bytes it takes. */
export interface Front {
  readonly metadata: LegacyMetadata;
  readonly bytes: number;
}

/** Reads it, from an object or message of `bytes` bytes. `crypto.integrity` for one of more than 1 MiB, or cut. */
export async function frontOf(
  read: (start: number, end: number) => Promise<Body>,
  bytes: number,
): Promise<Front> {
  const wrong = () => new Fault("crypto.integrity", "metadata in front of the object is too long");
  const all = Math.min(bytes, MAX_FRONT_BYTES + LENGTH_BYTES);
  const start = await collectBody(await read(0, all), all, wrong);
  if (start.byteLength < LENGTH_BYTES) throw wrong();
  const end = LENGTH_BYTES + start.readUInt32BE(0);
  if (end > start.byteLength) throw wrong();
  return { metadata: legacyMetadataOfJson(start.subarray(LENGTH_BYTES, end)), bytes: end };
}
