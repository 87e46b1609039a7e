/** GetObject and HeadObject: one answer, with or without its bytes. */
import { contentRange, parseRange, resolveRange } from "@s3eg/shared/s3/range.ts";
import { checksumHeader, checksumHeaders } from "../s3/checksums.ts";
import { checkRead } from "../s3/conditions.ts";
import { isS3Error, S3Error, toS3Error } from "../s3/errors.ts";
import { objectHeaders, RESPONSE_PARAMETERS, responseOverrides } from "../s3/object-headers.ts";
import {
  type Operation,
  type S3Answer,
  type S3Request,
  versionIdOf,
  wholeNumber,
} from "../s3-request.ts";
import type { Bucket } from "../store/bucket.ts";
import type { ObjectVersion } from "../store/records.ts";
import { objectOf } from "./find-object.ts";

const PARAMETERS = ["versionId", "partNumber", ...RESPONSE_PARAMETERS];

/** `GET /bucket/key`. */
export const getObject: Operation = {
  name: "GetObject",
  method: "GET",
  on: "object",
  parameters: PARAMETERS,
  async run(request, { store }) {
    const bucket = store.bucket(request.bucket);
    const { version, answer, slice } = describe(bucket, request);
    const range = slice && { start: slice.offset, end: slice.offset + slice.length - 1 };
    const body = bucket.files.read(version.pieces, range);
    return { ...answer, bytes: { size: slice?.length ?? version.size, body } };
  },
};

/** `HEAD /bucket/key`. */
export const headObject: Operation = {
  name: "HeadObject",
  method: "HEAD",
  on: "object",
  parameters: PARAMETERS,
  async run(request, { store }) {
    const { version, answer, slice } = describe(store.bucket(request.bucket), request);
    return { ...answer, bytes: { size: slice?.length ?? version.size } };
  },
};

interface Slice {
  readonly offset: number;
  readonly length: number;
}

interface Description {
  readonly version: ObjectVersion;
  readonly answer: S3Answer;
  /** What of the object is asked for; undefined: all of it. */
  readonly slice?: Slice;
}

function describe(bucket: Bucket, request: S3Request): Description {
  const { key, headers, query } = request;
  const version = objectOf(bucket, { key, versionId: versionIdOf(request) });
  try {
    checkRead(headers, version);
  } catch (error) {
    if (!isS3Error(error, "NotModified")) throw error;
    const { etag, "last-modified": modified, ...others } = objectHeaders(bucket, version);
    const kept = { etag: etag ?? "", "last-modified": modified ?? "" };
    const expiry = ["cache-control", "expires", "x-amz-version-id"].flatMap((name) => {
      const value = others[name];
      return value === undefined ? [] : [[name, value] as const];
    });
    throw new S3Error("NotModified", { headers: { ...kept, ...Object.fromEntries(expiry) } });
  }
  const wantsChecksum = headers["x-amz-checksum-mode"]?.toUpperCase() === "ENABLED";
  const shown = { ...objectHeaders(bucket, version), ...responseOverrides(request) };
  if (query.has("partNumber")) return describePart(request, version, { shown, wantsChecksum });
  const slice = sliceOf(headers.range, version);
  const isWhole = !slice || slice.length === version.size;
  return {
    version,
    answer: {
      status: slice ? 206 : 200,
      headers: {
        ...shown,
        ...(slice ? { "content-range": contentRange(slice, version.size) } : {}),
        ...(wantsChecksum && isWhole ? checksumHeaders(version.checksum) : {}),
      },
    },
    ...(slice ? { slice } : {}),
  };
}

function sliceOf(rangeHeader: string | undefined, { size }: ObjectVersion): Slice | undefined {
  const range = parseRange(rangeHeader);
  if (!range) return undefined;
  try {
    return resolveRange(range, size);
  } catch (error) {
    if (!isS3Error(toS3Error(error), "InvalidRange")) throw error;
    throw new S3Error("InvalidRange", {
      fields: { RangeRequested: rangeHeader ?? "", ActualObjectSize: `${size}` },
      headers: { "content-range": `bytes */${size}` },
    });
  }
}

function describePart(
  request: S3Request,
  version: ObjectVersion,
  { shown, wantsChecksum }: { shown: Record<string, string>; wantsChecksum: boolean },
): Description {
  if (request.headers.range !== undefined) {
    throw new S3Error("InvalidRequest", {
      message: "Cannot specify both Range header and partNumber query parameter",
    });
  }
  const partNumber = wholeNumber(request, "partNumber", { min: 1, max: 10_000, fallback: 1 });
  const pieces = version.isMultipart
    ? version.pieces
    : version.pieces.map((one) => ({ ...one, partNumber: 1 }));
  const place = pieces.findIndex((one) => one.partNumber === partNumber);
  const piece = pieces[place];
  if (!piece) throw new S3Error("InvalidPartNumber");
  const offset = pieces.slice(0, place).reduce((sum, { size }) => sum + size, 0);
  const slice = { offset, length: piece.size };
  const { checksum } = version;
  const partChecksum =
    checksum && piece.checksum !== undefined
      ? {
          [checksumHeader(checksum.algorithm)]: piece.checksum,
          "x-amz-checksum-type": checksum.type,
        }
      : {};
  return {
    version,
    answer: {
      // An empty part has no range that could be named.
      status: piece.size > 0 ? 206 : 200,
      headers: {
        ...shown,
        ...(piece.size > 0 ? { "content-range": contentRange(slice, version.size) } : {}),
        ...(version.isMultipart ? { "x-amz-mp-parts-count": `${pieces.length}` } : {}),
        ...(wantsChecksum ? (version.isMultipart ? partChecksum : checksumHeaders(checksum)) : {}),
      },
    },
    ...(piece.size > 0 ? { slice } : {}),
  };
}
