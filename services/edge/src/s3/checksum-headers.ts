/** The checksum of an object in requests and answers (S3 API, "Checking object integrity"). */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import type { ChecksumName, ObjectFacts } from "@s3eg/shared/contracts/crypto.ts";
import { el, type XmlNode } from "@s3eg/shared/s3/xml.ts";
import { s3Error } from "./errors.ts";

/** Names of the algorithms in elements and header values. */
const NAMES = {
  crc32: "CRC32",
  crc32c: "CRC32C",
  crc64nvme: "CRC64NVME",
  sha1: "SHA1",
  sha256: "SHA256",
} as const satisfies Record<ChecksumName, string>;

/** Answer headers that give an object's checksum; none where it has none. */
export function checksumHeaders(checksum: ObjectFacts["checksum"]): HeaderFields {
  if (!checksum) return {};
  const { algorithm, type } = checksum;
  return { [`x-amz-checksum-${algorithm}`]: shownValue(checksum), "x-amz-checksum-type": type };
}

/** The same as elements: `ChecksumCRC32` and its like, `ChecksumType`. */
export function checksumElements(checksum: ObjectFacts["checksum"]): XmlNode[] {
  if (!checksum) return [];
  const { algorithm, type } = checksum;
  return [el(`Checksum${NAMES[algorithm]}`, shownValue(checksum)), el("ChecksumType", type)];
}

/** A checksum without more: of a part, or as crypto has written it. */
interface Sum {
  readonly algorithm: ChecksumName;
  readonly value: string;
}

/** The element of one checksum alone, `ChecksumCRC32` and its like; none where there is none. */
export function checksumElement(checksum: Sum | undefined): XmlNode | undefined {
  return checksum && el(`Checksum${NAMES[checksum.algorithm]}`, checksum.value);
}

/** The answer header that gives the checksum of a part; none where it has none. */
export function partChecksumHeader(checksum: Sum | undefined): HeaderFields {
  return checksum ? { [`x-amz-checksum-${checksum.algorithm}`]: checksum.value } : {};
}

/** What listings say of an object's checksum: not its value. */
export function listedChecksum(checksum: ObjectFacts["checksum"]): XmlNode[] {
  if (!checksum) return [];
  const { algorithm, type } = checksum;
  return [el("ChecksumAlgorithm", NAMES[algorithm]), el("ChecksumType", type)];
}

/** A composite checksum says of how many parts (S3 API, "Checking object integrity"). */
function shownValue({ type, value, partCount }: NonNullable<ObjectFacts["checksum"]>): string {
  return type === "COMPOSITE" && partCount !== undefined ? `${value}-${partCount}` : value;
}

/** True if a read asks for the object's checksum. */
export function wantsChecksum(headers: HeaderFields): boolean {
  return headers["x-amz-checksum-mode"]?.toUpperCase() === "ENABLED";
}

/** The algorithm that a header names, if it is there; `InvalidRequest` for one S3 does not know. */
export function namedAlgorithm(headers: HeaderFields, name: string): ChecksumName | undefined {
  const value = headers[name];
  if (value === undefined) return undefined;
  const found = Object.entries(NAMES).find(([, known]) => known === value.toUpperCase());
  if (found) return found[0] as ChecksumName;
  throw s3Error("InvalidRequest", {
    message: `Checksum algorithm provided is unsupported. Please try again with any of the valid types: [${Object.values(NAMES).join(", ")}]`,
  });
}

/** Refuses an `x-amz-sdk-checksum-algorithm` that the checksum of the request does not bear out. `promised`: that of its header or announced trailer. */
export function checkSdkAlgorithm(headers: HeaderFields, promised: ChecksumName | undefined): void {
  const named = namedAlgorithm(headers, "x-amz-sdk-checksum-algorithm");
  if (named === undefined || named === promised) return;
  throw s3Error("InvalidRequest", {
    message:
      promised === undefined
        ? "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found."
        : "Value for x-amz-sdk-checksum-algorithm header is invalid.",
  });
}
