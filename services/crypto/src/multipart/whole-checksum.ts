/** The checksum of a multipart object from those of its parts (S3 API, "Checking object integrity in multipart uploads"). */
import type { ChecksumName } from "@s3eg/shared/contracts/crypto.ts";
import { createDigest } from "@s3eg/shared/s3/checksums.ts";
import { combineCrcs, isCombinable } from "@s3eg/shared/s3/crc-combine.ts";
import type { PartAttempt } from "../multipart-state/multipart-state.ts";

/** A checksum of a whole object. */
export interface WholeChecksum {
  readonly algorithm: ChecksumName;
  readonly type: "FULL_OBJECT" | "COMPOSITE";
  readonly value: Buffer;
}

/** The checksum of the whole; undefined where the upload has none, or a part came without its own. */
export function wholeChecksum(
  parts: readonly PartAttempt[],
  upload: { algorithm: ChecksumName; type: WholeChecksum["type"] } | undefined,
): WholeChecksum | undefined {
  if (!upload) return undefined;
  const { algorithm, type } = upload;
  const sums: { crc: Buffer; size: number }[] = [];
  for (const { checksum, size } of parts) {
    if (checksum?.algorithm !== algorithm) return undefined;
    sums.push({ crc: Buffer.from(checksum.value, "base64"), size });
  }
  if (type === "FULL_OBJECT") {
    return isCombinable(algorithm)
      ? { algorithm, type, value: combineCrcs(algorithm, sums) }
      : undefined;
  }
  const digest = createDigest(algorithm);
  for (const { crc } of sums) digest.update(crc);
  return { algorithm, type, value: digest.digest() };
}

/** As S3 shows it: a composite one says of how many parts. */
export function shownChecksum({ type, value }: WholeChecksum, partCount: number): string {
  const text = value.toString("base64");
  return type === "COMPOSITE" ? `${text}-${partCount}` : text;
}
