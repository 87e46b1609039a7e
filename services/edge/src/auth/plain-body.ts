/**
 * From the body on the wire to plaintext: unframes aws-chunked and checks everything the client promised about the bytes. The end is
 * withheld until all of it holds, so nothing downstream can commit a body that fails (ARCHITECTURE.md, invariant 2).
 */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import type { ChecksumName, PlaintextFacts } from "@s3eg/shared/contracts/crypto.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import type { Body } from "@s3eg/shared/http/body.ts";
import { decodeAwsChunked } from "@s3eg/shared/s3/aws-chunked.ts";
import { type BodyCheck, checkedBody, createDigest } from "@s3eg/shared/s3/checksums.ts";
import type { VerifiedSignature } from "@s3eg/shared/s3/sigv4-verify.ts";
import { checkSdkAlgorithm } from "../s3/checksum-headers.ts";
import { s3Error } from "../s3/errors.ts";
import { DEFAULT_CHECKSUM } from "../s3/upload-checksum.ts";

/** Plaintext on its way. */
export interface PlainBody {
  readonly body: Body;
  readonly sizeBytes: number;
  /** Algorithm of the checksum that the client promised; absent: none. */
  readonly promised: ChecksumName | undefined;
  /** What was learned of the plaintext; complete once `body.pump` has resolved. */
  facts(): PlaintextFacts;
}

const CHECKSUM_BYTES = {
  crc32: 4,
  crc32c: 4,
  crc64nvme: 8,
  sha1: 20,
  sha256: 32,
} as const satisfies Record<ChecksumName, number>;
const CHECKSUM_PREFIX = "x-amz-checksum-";

/** Facts to learn of the plaintext also where the client promised none. */
export interface WantedFacts {
  readonly md5: boolean;
  readonly checksum: boolean;
}

/** The plaintext of a request body. Throws at once for an announcement that can't hold; later failures reject the pump. */
export function plainBody(
  raw: Body,
  headers: HeaderFields,
  signature: Pick<VerifiedSignature, "payload" | "chunkSigning"> & { wanted?: WantedFacts },
): PlainBody {
  const { payload, wanted } = signature;
  const isChunked = payload.kind === "chunked";
  const hasTrailer = isChunked && payload.hasTrailer;
  const sizeBytes = announcedSize(
    headers,
    isChunked ? "x-amz-decoded-content-length" : "content-length",
  );
  const framed = isChunked
    ? decodeAwsChunked(raw, {
        decodedBytes: sizeBytes,
        hasTrailer,
        ...(signature.chunkSigning ? { signing: signature.chunkSigning } : {}),
      })
    : { body: raw, trailers: () => ({}) };
  const facts: { md5?: string; checksum?: PlaintextFacts["checksum"] } = {};
  const checks = [
    ...(payload.kind === "hash" ? [sha256Check(payload.sha256)] : []),
    ...md5Checks(headers, facts, wanted?.md5),
    ...checksumChecks({ headers, hasTrailer, trailers: framed.trailers }, facts, wanted?.checksum),
    ...(hasTrailer ? [announcedTrailersCheck(headers, framed.trailers)] : []),
  ];
  const promised = promisedChecksums(headers)[0];
  const body = checkedBody(framed.body, checks, sizeBytes);
  return { body, sizeBytes, promised, facts: () => facts };
}

function announcedSize(headers: HeaderFields, name: string): number {
  const value = headers[name];
  if (value === undefined) throw s3Error("MissingContentLength");
  if (!/^\d{1,15}$/.test(value))
    throw s3Error("InvalidArgument", { fields: { ArgumentName: name } });
  return Number(value);
}

function sha256Check(sha256: string): BodyCheck {
  return {
    digest: createDigest("sha256"),
    verify(actual) {
      if (actual.toString("hex") !== sha256) {
        throw new Fault("input.sha256-mismatch", "body does not have the signed SHA-256");
      }
    },
  };
}

function md5Checks(
  headers: HeaderFields,
  facts: { md5?: string },
  isWanted: boolean | undefined,
): BodyCheck[] {
  const header = headers["content-md5"];
  if (header === undefined && !isWanted) return [];
  if (header !== undefined && !isBase64Of(16, header)) throw s3Error("InvalidDigest");
  const promised = header === undefined ? undefined : Buffer.from(header, "base64");
  const verify = (actual: Buffer) => {
    if (promised && !actual.equals(promised))
      throw new Fault("input.bad-digest", "Content-MD5 does not match the body");
    facts.md5 = actual.toString("hex");
  };
  return [{ digest: createDigest("md5"), verify }];
}

/** The one checksum a request may promise, as a header or as the trailer that `x-amz-trailer` names. */
function checksumChecks(
  { headers, hasTrailer, trailers }: Promises,
  facts: { checksum?: PlaintextFacts["checksum"] },
  isWanted: boolean | undefined,
): BodyCheck[] {
  const inHeader = checksumNames(Object.keys(headers).filter(isChecksumField));
  const inTrailer = checksumNames(announcedTrailers(headers));
  const [algorithm, ...others] = promisedChecksums(headers);
  checkSdkAlgorithm(headers, algorithm);
  if (algorithm === undefined) return isWanted ? [learned(DEFAULT_CHECKSUM.algorithm, facts)] : [];
  if (others.length > 0) {
    throw s3Error("InvalidRequest", { message: "Expecting a single x-amz-checksum- header" });
  }
  if (inTrailer.length > 0 && !hasTrailer) {
    throw s3Error("InvalidRequest", { message: "x-amz-trailer is given, but no trailer is sent" });
  }
  const name = CHECKSUM_PREFIX + algorithm;
  const promised = () =>
    checksumValue(algorithm, inHeader.length > 0 ? headers[name] : trailers()[name]);
  if (inHeader.length > 0) promised();
  const check = learned(algorithm, facts);
  const verify = (actual: Buffer) => {
    if (actual.toString("base64") !== promised()) {
      throw new Fault(
        "input.bad-digest",
        `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`,
      );
    }
    check.verify(actual);
  };
  return [{ ...check, verify }];
}

function promisedChecksums(headers: HeaderFields): ChecksumName[] {
  const fields = Object.keys(headers).filter(isChecksumField);
  return checksumNames([...fields, ...announcedTrailers(headers)]);
}

/** Computes a checksum and keeps it. */
function learned(
  algorithm: ChecksumName,
  facts: { checksum?: PlaintextFacts["checksum"] },
): BodyCheck {
  return {
    digest: createDigest(algorithm),
    verify(actual) {
      facts.checksum = { algorithm, type: "FULL_OBJECT", value: actual.toString("base64") };
    },
  };
}

/** What the head says of the body's checksums, and the trailers once they were read. */
interface Promises {
  readonly headers: HeaderFields;
  readonly hasTrailer: boolean;
  trailers(): Readonly<Record<string, string>>;
}

/** Fields that begin alike and promise no value. */
const ABOUT_CHECKSUMS = ["algorithm", "mode", "type"].map((name) => CHECKSUM_PREFIX + name);

function isChecksumField(name: string): boolean {
  return name.startsWith(CHECKSUM_PREFIX) && !ABOUT_CHECKSUMS.includes(name);
}

function announcedTrailers(headers: HeaderFields): string[] {
  const names = (headers["x-amz-trailer"] ?? "").toLowerCase().split(/[\s,]+/);
  return names.filter((name) => name !== "");
}

/** The algorithms of `x-amz-checksum-…` fields. One that can't be computed is refused, or the client would believe it was checked. */
function checksumNames(fields: readonly string[]): ChecksumName[] {
  return fields.map((field) => {
    const name = field.slice(CHECKSUM_PREFIX.length);
    if (field.startsWith(CHECKSUM_PREFIX) && Object.hasOwn(CHECKSUM_BYTES, name)) {
      return name as ChecksumName;
    }
    throw s3Error("InvalidRequest", { message: `${field} is not a checksum this server knows` });
  });
}

/** A trailer that nobody announced is a promise nobody would check. */
function announcedTrailersCheck(
  headers: HeaderFields,
  trailers: () => Readonly<Record<string, string>>,
): BodyCheck {
  const announced = announcedTrailers(headers);
  return {
    digest: { update: () => undefined, digest: () => Buffer.alloc(0) },
    verify() {
      const surprise = Object.keys(trailers()).find((name) => !announced.includes(name));
      if (surprise === undefined) return;
      throw s3Error("InvalidRequest", { message: `trailer ${surprise} is not in x-amz-trailer` });
    },
  };
}

function checksumValue(algorithm: ChecksumName, value: string | undefined): string {
  if (value === undefined || !isBase64Of(CHECKSUM_BYTES[algorithm], value)) {
    throw s3Error("InvalidRequest", {
      message: `Value for ${CHECKSUM_PREFIX}${algorithm} header is invalid.`,
    });
  }
  return value;
}

/** True for the one canonical base64 of that many bytes: `Buffer.from` would skip what it can't read. */
function isBase64Of(sizeBytes: number, text: string): boolean {
  const bytes = Buffer.from(text, "base64");
  return bytes.byteLength === sizeBytes && bytes.toString("base64") === text;
}
