/** Which checksum a multipart upload carries (S3 API, CreateMultipartUpload: ChecksumAlgorithm, ChecksumType). */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { ChecksumName } from "@s3eg/shared/contracts/crypto.ts";
import { s3Error } from "./errors.ts";

/** A checksum of an upload. */
export interface UploadChecksum {
  readonly algorithm: ChecksumName;
  readonly type: "FULL_OBJECT" | "COMPOSITE";
}

/** What S3 computes where a client names none. */
export const DEFAULT_CHECKSUM: UploadChecksum = { algorithm: "crc64nvme", type: "FULL_OBJECT" };

/** The checksum that a Create asks for; `InvalidRequest` for one that S3 does not know, or a type the algorithm can't have. */
export function uploadChecksum(headers: HeaderFields): UploadChecksum | undefined {
  const named = headers["x-amz-checksum-algorithm"]?.toLowerCase();
  if (named === undefined) return undefined;
  const algorithm = ChecksumName.safeParse(named);
  const type =
    headers["x-amz-checksum-type"] ?? (named === "crc64nvme" ? "FULL_OBJECT" : "COMPOSITE");
  const isFull = type === "FULL_OBJECT";
  const isComposite = type === "COMPOSITE";
  const canBe = named === "crc64nvme" ? isFull : isComposite || (isFull && named.startsWith("crc"));
  if (!algorithm.success || !canBe) {
    throw s3Error("InvalidRequest", {
      message:
        "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
    });
  }
  return { algorithm: algorithm.data, type: isFull ? "FULL_OBJECT" : "COMPOSITE" };
}
