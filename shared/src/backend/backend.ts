/** The S3 server behind the gateway, as services see it: one signed request, one answer. */
import type { Body } from "../http/body.ts";

/** HTTP header fields: lower-case names; values are latin-1 strings, one character a byte, so that UTF-8 metadata passes unchanged. */
export type HeaderFields = Readonly<Record<string, string>>;

/** A body that is streamed. */
export interface StreamedUpload {
  readonly body: Body;
  readonly sizeBytes: number;
  /**
   * True: where the backend can, it gets a checksum behind the bytes, and commits nothing without it. Not for parts: a store refuses
   * checksums of parts whose upload was not begun with them.
   */
  readonly isChecked?: boolean;
}

/** One request to the backend. It is signed and addressed (path or virtual-host style) by the implementation. */
export interface BackendRequest {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE" | "OPTIONS";
  /** Absent for service-level requests (ListBuckets). */
  readonly bucket?: string;
  /** The key as text (its UTF-8 bytes are percent-encoded once). Absent for bucket-level requests. */
  readonly key?: string;
  /** Query parameters in order, not encoded; `""` for a bare sub-resource such as `?acl`. */
  readonly query?: readonly (readonly [name: string, value: string])[];
  readonly headers?: HeaderFields;
  /** Bytes in memory are signed with their SHA-256; a Body is streamed with exactly `sizeBytes` bytes. */
  readonly body?: Uint8Array | StreamedUpload;
  /** Access key of the backend identity to sign with; absent: the one of `backend.*`. `"anonymous"`: unsigned. */
  readonly identity?: string | undefined;
  readonly requestId: string;
  readonly signal?: AbortSignal;
  /** Sent along unsigned: proxies on the way may put their own in its place (W3C Trace Context §3.4). */
  readonly traceparent?: string;
}

/** The backend's answer. The caller must pump or destroy `body` (`text()` does). */
export interface BackendResponse {
  readonly status: number;
  readonly headers: HeaderFields;
  readonly body: Body;
  /** The whole body as UTF-8, at most `maxBytes` (default 16 MiB). */
  text(maxBytes?: number): Promise<string>;
}

/**
 * Sends requests. Resolves with whatever status the backend answered (4xx and 5xx included, once retries are used up); throws
 * `backend.unavailable` when there is no answer and `backend.throttled` never: a 503 is an answer. A Body that rejects destroys the
 * connection before the request is complete, and its own error is thrown.
 */
export interface Backend extends AsyncDisposable {
  send(request: BackendRequest): Promise<BackendResponse>;
}
