/** What the manifest of an upload says, from the attempts that its Complete selected (format.md §7). */
import { createHash } from "node:crypto";
import type { Manifest } from "@s3eg/shared/format/manifest.ts";
import type { PartAttempt } from "../multipart-state/multipart-state.ts";
import type { WholeChecksum } from "./whole-checksum.ts";

/** The manifest of an object of `parts`; a part's checksum is in it where it is of the whole's algorithm. */
export function manifestOf(
  parts: readonly PartAttempt[],
  checksum: WholeChecksum | undefined,
): Manifest {
  const md5 = md5OfMd5s(parts);
  return {
    parts: parts.map(({ partNumber, size, salt, checksum: own }) => ({
      partNumber,
      size,
      salt,
      ...(own && own.algorithm === checksum?.algorithm
        ? { checksum: Buffer.from(own.value, "base64") }
        : {}),
    })),
    ...(md5 ? { md5OfMd5s: md5 } : {}),
    ...(checksum
      ? {
          checksumAlgorithm: checksum.algorithm,
          checksum: { type: checksum.type, value: checksum.value },
        }
      : {}),
  };
}

/** MD5 of the parts' MD5s, 16 bytes; undefined where one has none. */
export function md5OfMd5s(parts: readonly PartAttempt[]): Buffer | undefined {
  const md5s = parts.flatMap(({ md5 }) => (md5 === undefined ? [] : [Buffer.from(md5, "hex")]));
  return md5s.length === parts.length
    ? createHash("md5").update(Buffer.concat(md5s)).digest()
    : undefined;
}
