/** What the manifest of an object tells of it and of its parts (format.md §7). */
import type { ObjectFacts, ObjectPart } from "@s3eg/shared/contracts/crypto.ts";
import { type Manifest, totalSizeOf } from "@s3eg/shared/format/manifest.ts";

/** The facts of the object. */
export function factsOfManifest(manifest: Manifest): ObjectFacts {
  const { parts, md5OfMd5s, checksum, checksumAlgorithm: algorithm } = manifest;
  const md5 = md5OfMd5s && Buffer.from(md5OfMd5s).toString("hex");
  return {
    size: totalSizeOf(parts),
    isSealed: true,
    ...(md5 === undefined ? {} : { etag: `${md5}-${parts.length}` }),
    ...(checksum && algorithm
      ? {
          checksum: {
            algorithm,
            type: checksum.type,
            value: base64(checksum.value),
            partCount: parts.length,
          },
        }
      : {}),
  };
}

/** Its parts, without what only sealing needs. */
export function partsOfManifest({ parts }: Manifest): ObjectPart[] {
  return parts.map(({ partNumber, size, checksum }) => ({
    partNumber,
    size,
    ...(checksum ? { checksum: base64(checksum) } : {}),
  }));
}

/** One part: where its plaintext lies in that of the object, and its own checksum; undefined where there is none of that number. */
export function partOfManifest(
  { parts, checksum, checksumAlgorithm: algorithm }: Manifest,
  partNumber: number,
): { range: { offset: number; length: number }; checksum?: ObjectFacts["checksum"] } | undefined {
  const index = parts.findIndex((part) => part.partNumber === partNumber);
  const found = parts[index];
  if (!found) return undefined;
  const range = { offset: totalSizeOf(parts.slice(0, index)), length: found.size };
  if (!found.checksum || !algorithm || !checksum) return { range };
  return { range, checksum: { algorithm, type: checksum.type, value: base64(found.checksum) } };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
