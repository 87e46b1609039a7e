/** The checksums of S3 in headers, trailers and XML. */

import type { Body } from "@s3eg/shared/http/body.ts";
import type { CreateDigest, DigestAlgorithm } from "@s3eg/shared/s3/checksums.ts";
import { el, type XmlNode } from "@s3eg/shared/s3/xml.ts";
import type { HeaderFields } from "../s3-request.ts";
import { ChecksumAlgorithm, ChecksumType, type StoredChecksum } from "../store/records.ts";
import { invalidArgument, S3Error } from "./errors.ts";

/** A checksum a client announces: with its value in a header, without where a trailer will bring it. */
export interface ClaimedChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64. */
  readonly value?: string;
}

const DIGEST_BYTES: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
};

/** `x-amz-checksum-crc32` and so on. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

/** The name shared code knows the algorithm by. */
export function digestName(algorithm: ChecksumAlgorithm): DigestAlgorithm {
  return algorithm.toLowerCase() as DigestAlgorithm;
}

/** The one checksum that headers give or announce. Throws InvalidRequest for more than one, or one that is not well-formed. */
export function claimedChecksum(headers: HeaderFields): ClaimedChecksum | undefined {
  const given = givenChecksums(headers);
  const announced = (headers["x-amz-trailer"] ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "");
  const claims: ClaimedChecksum[] = [...given];
  for (const name of announced) {
    const algorithm = ChecksumAlgorithm.options.find((one) => checksumHeader(one) === name);
    if (!algorithm) {
      throw new S3Error("InvalidRequest", { message: `The trailer ${name} is not supported` });
    }
    claims.push({ algorithm });
  }
  const [claim, second] = claims;
  if (second) {
    throw new S3Error("InvalidRequest", {
      message:
        "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
    });
  }
  const wanted = headers["x-amz-sdk-checksum-algorithm"];
  if (wanted !== undefined && wanted.toUpperCase() !== claim?.algorithm) {
    throw new S3Error("InvalidRequest", {
      message:
        "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.",
    });
  }
  return claim;
}

/** Checksums with their values in `x-amz-checksum-*` headers. Throws InvalidRequest for a value that cannot be one. */
export function givenChecksums(
  headers: HeaderFields,
): { algorithm: ChecksumAlgorithm; value: string }[] {
  return ChecksumAlgorithm.options.flatMap((algorithm) => {
    const name = checksumHeader(algorithm);
    const value = headers[name];
    if (value === undefined) return [];
    const [text = ""] = value.split("-");
    const bytes = Buffer.from(text, "base64");
    if (bytes.length !== DIGEST_BYTES[algorithm] || bytes.toString("base64") !== text) {
      throw new S3Error("InvalidRequest", { message: `Value for ${name} header is invalid.` });
    }
    return [{ algorithm, value }];
  });
}

/** The algorithm named in `x-amz-checksum-algorithm`. Throws InvalidRequest for an unknown one. */
export function wantedAlgorithm(headers: HeaderFields): ChecksumAlgorithm | undefined {
  const name = headers["x-amz-checksum-algorithm"];
  if (name === undefined) return undefined;
  const parsed = ChecksumAlgorithm.safeParse(name.toUpperCase());
  if (parsed.success) return parsed.data;
  throw new S3Error("InvalidRequest", {
    message: "Checksum algorithm provided is unsupported.",
  });
}

/** The type named in `x-amz-checksum-type`, or the default of the algorithm. Throws InvalidRequest where they do not go together. */
export function checksumTypeOf(headers: HeaderFields, algorithm: ChecksumAlgorithm): ChecksumType {
  const name = headers["x-amz-checksum-type"];
  if (name === undefined) return algorithm === "CRC64NVME" ? "FULL_OBJECT" : "COMPOSITE";
  const parsed = ChecksumType.safeParse(name.toUpperCase());
  if (!parsed.success) throw invalidArgument("x-amz-checksum-type", name);
  const isPossible =
    parsed.data === "FULL_OBJECT" ? algorithm.startsWith("CRC") : algorithm !== "CRC64NVME";
  if (isPossible) return parsed.data;
  throw new S3Error("InvalidRequest", {
    message: `The ${parsed.data} checksum type cannot be used with the ${algorithm} checksum algorithm.`,
  });
}

/** Response headers of a stored checksum. */
export function checksumHeaders(checksum: StoredChecksum | undefined): Record<string, string> {
  return checksum
    ? {
        [checksumHeader(checksum.algorithm)]: checksum.value,
        "x-amz-checksum-type": checksum.type,
      }
    : {};
}

/** `<ChecksumCRC32>…`, with the type where there is one. */
export function checksumElements(
  checksum: { algorithm: ChecksumAlgorithm; value: string; type?: ChecksumType } | undefined,
): XmlNode[] {
  if (!checksum) return [];
  const { algorithm, value, type } = checksum;
  return [el(`Checksum${algorithm}`, value), ...(type ? [el("ChecksumType", type)] : [])];
}

/** The base64 checksum of a whole body. */
export async function checksumOf(
  body: Body,
  algorithm: ChecksumAlgorithm,
  createDigest: CreateDigest,
): Promise<string> {
  const digest = createDigest(digestName(algorithm));
  await body.pump((piece) => digest.update(piece));
  return digest.digest().toString("base64");
}

/** The composite checksum of parts: the checksum of their checksums, and how many there are. */
export function compositeChecksum(
  parts: readonly string[],
  algorithm: ChecksumAlgorithm,
  createDigest: CreateDigest,
): string {
  const digest = createDigest(digestName(algorithm));
  for (const part of parts) digest.update(Buffer.from(part, "base64"));
  return `${digest.digest().toString("base64")}-${parts.length}`;
}
