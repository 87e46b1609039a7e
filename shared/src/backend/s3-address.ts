/** Where a bucket or an object is at an S3 endpoint: path style or virtual-host style (S3 user guide, "Virtual hosting of buckets"). */
import { encodeComponent, encodeKey, encodeQuery } from "../s3/names.ts";
import type { BackendRequest } from "./backend.ts";

/** An endpoint: scheme, host, and perhaps a path that comes before everything else. */
export interface S3Endpoint {
  readonly endpoint: URL;
  readonly isPathStyle: boolean;
}

/** An address. */
export interface S3Address {
  /** Value of the Host header, with the port unless it is the scheme's own. */
  readonly host: string;
  /** Percent-encoded. */
  readonly rawPath: string;
  /** Percent-encoded, without the `?`. */
  readonly rawQuery: string;
}

/** Names that can be one label, or over plain HTTP several, in front of the endpoint's host. */
const HOST_LABEL = /^[a-z0-9][a-z0-9-]*[a-z0-9]$/;
const HOST_LABELS = /^[a-z0-9][a-z0-9.-]*[a-z0-9]$/;

/** The address of what `request` is about. Buckets whose names cannot be host names (or not under a wildcard certificate) go path style. */
export function s3Address(
  { endpoint, isPathStyle }: S3Endpoint,
  request: BackendRequest,
): S3Address {
  const { bucket, key } = request;
  const prefix = endpoint.pathname.replace(/\/+$/, "");
  const rawQuery = encodeQuery(request.query ?? []);
  const object = key === undefined ? "" : `/${encodeKey(key)}`;
  if (bucket === undefined) return { host: endpoint.host, rawPath: `${prefix}/`, rawQuery };
  const label = endpoint.protocol === "https:" ? HOST_LABEL : HOST_LABELS;
  if (isPathStyle || !label.test(bucket)) {
    const rawPath = `${prefix}/${encodeComponent(bucket)}${object}`;
    return { host: endpoint.host, rawPath, rawQuery };
  }
  const rawPath = `${prefix}${object || "/"}`;
  return { host: `${bucket}.${endpoint.host}`, rawPath, rawQuery };
}
