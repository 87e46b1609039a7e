/** The body of a request: its framing taken off, its length and every digest the client named checked as it passes. */

import type { Body } from "@s3eg/shared/http/body.ts";
import { decodeAwsChunked } from "@s3eg/shared/s3/aws-chunked.ts";
import { type BodyCheck, type CreateDigest, checkedBody } from "@s3eg/shared/s3/checksums.ts";
import type { VerifiedSignature } from "@s3eg/shared/s3/sigv4-verify.ts";
import {
  type ClaimedChecksum,
  checksumHeader,
  claimedChecksum,
  digestName,
} from "./s3/checksums.ts";
import { S3Error } from "./s3/errors.ts";
import type { HeaderFields } from "./s3-request.ts";
import type { ChecksumAlgorithm } from "./store/records.ts";

/** A body that ends properly only if all its checks pass. */
export interface UploadBody {
  readonly body: Body;
  /** Without framing; undefined when the client did not say. */
  readonly sizeBytes?: number;
  /** True if a digest came with it, in a header or to come in a trailer. */
  readonly hasDigest: boolean;
  /** What the client said the checksum is, verified: only after the body was pumped. */
  checksum(): { algorithm: ChecksumAlgorithm; value: string } | undefined;
}

/** Builds the checks from the request's head. Throws for digests that are not well-formed, before anything is read. */
export function uploadBody(
  raw: Body,
  head: { headers: HeaderFields; signature: VerifiedSignature; hasObjectChecksum: boolean },
  createDigest: CreateDigest,
): UploadBody {
  const { headers } = head;
  const claim = head.hasObjectChecksum ? undefined : claimedChecksum(headers);
  const { body: unframed, trailers, sizeBytes } = unframe(raw, head);
  const checks: BodyCheck[] = [];
  const { payload } = head.signature;
  if (payload.kind === "hash") {
    checks.push({
      digest: createDigest("sha256"),
      verify: (actual) => {
        if (actual.toString("hex") !== payload.sha256) {
          throw new S3Error("XAmzContentSHA256Mismatch");
        }
      },
    });
  }
  const md5 = contentMd5(headers);
  if (md5) {
    checks.push({
      digest: createDigest("md5"),
      verify: (actual) => {
        if (!actual.equals(md5)) throw new S3Error("BadDigest");
      },
    });
  }
  let actualChecksum: string | undefined;
  if (claim) {
    checks.push({
      digest: createDigest(digestName(claim.algorithm)),
      verify: (actual) => {
        actualChecksum = actual.toString("base64");
        if (actualChecksum !== expectedChecksum(claim, trailers)) {
          throw new S3Error("BadDigest", {
            message: `The ${claim.algorithm} you specified did not match the calculated checksum`,
          });
        }
      },
    });
  }
  return {
    body: checkedBody(unframed, checks, sizeBytes),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    hasDigest: claim !== undefined || md5 !== undefined,
    checksum: () =>
      claim && actualChecksum !== undefined
        ? { algorithm: claim.algorithm, value: actualChecksum }
        : undefined,
  };
}

function unframe(
  raw: Body,
  { headers, signature }: { headers: HeaderFields; signature: VerifiedSignature },
): { body: Body; trailers: () => HeaderFields; sizeBytes: number | undefined } {
  const { payload, chunkSigning } = signature;
  if (payload.kind !== "chunked") {
    const length = headers["content-length"];
    const hasBody = length !== undefined || headers["transfer-encoding"] !== undefined;
    const sizeBytes = length === undefined ? undefined : Number(length);
    return { body: raw, trailers: () => ({}), sizeBytes: hasBody ? sizeBytes : 0 };
  }
  const decoded = headers["x-amz-decoded-content-length"] ?? "";
  if (!/^\d{1,15}$/.test(decoded)) throw new S3Error("MissingContentLength");
  const decodedBytes = Number(decoded);
  const { body, trailers } = decodeAwsChunked(raw, {
    decodedBytes,
    hasTrailer: payload.hasTrailer,
    ...(chunkSigning ? { signing: chunkSigning } : {}),
  });
  return { body, trailers, sizeBytes: decodedBytes };
}

function expectedChecksum(claim: ClaimedChecksum, trailers: () => HeaderFields): string {
  if (claim.value !== undefined) return claim.value;
  const value = trailers()[checksumHeader(claim.algorithm)];
  if (value === undefined) throw new S3Error("MalformedTrailerError");
  return value;
}

function contentMd5(headers: HeaderFields): Buffer | undefined {
  const text = headers["content-md5"];
  if (text === undefined) return undefined;
  const md5 = Buffer.from(text, "base64");
  if (md5.length !== 16 || md5.toString("base64") !== text) throw new S3Error("InvalidDigest");
  return md5;
}
