/** One S3 request on its way to the backend: what stays the same however often it is sent. */
import { hash } from "node:crypto";
import type { Body } from "../http/body.ts";
import { EMPTY_SHA256, UNSIGNED_PAYLOAD } from "../s3/sigv4.ts";
import type { BackendRequest, HeaderFields } from "./backend.ts";
import type { WireRequest } from "./carrier.ts";
import { FRAMED_PAYLOAD, framedUpload, framingHeaders } from "./framed-upload.ts";
import type { Replayable } from "./retry.ts";
import { type S3Address, type S3Endpoint, s3Address } from "./s3-address.ts";

/** Headers that belong to the connection or to the signature: never taken over from a caller. */
const OWN_HEADERS = new Set([
  "authorization",
  "connection",
  "content-length",
  "host",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "x-amz-content-sha256",
  "x-amz-date",
  "x-amz-security-token",
]);

/** Query parameters of a GET that still brings the object itself and not something about it. */
const OBJECT_PARAMETER = /^(?:versionId|partNumber|x-id|response-.*)$/;

/** A request, made ready once for all its attempts. */
export class S3Call implements Replayable {
  readonly #request: BackendRequest;
  readonly address: S3Address;
  readonly headers: HeaderFields;
  readonly payloadHash: string;
  readonly isStreamed: boolean;
  /** The streamed body goes in frames with a checksum behind it. */
  readonly isFramed: boolean;
  readonly isConditional: boolean;
  readonly isBulk: boolean;

  constructor(
    endpoint: S3Endpoint,
    request: BackendRequest,
    { takesFrames }: { takesFrames: boolean },
  ) {
    const { body, headers = {}, key, method, query = [], identity } = request;
    this.#request = request;
    this.address = s3Address(endpoint, request);
    this.isStreamed = streamOf(request) !== undefined;
    // Only where a body is streamed is there somebody to wait for 100 Continue.
    const own = Object.entries(headers).filter(
      ([name]) => !OWN_HEADERS.has(name) && (name !== "expect" || this.isStreamed),
    );
    const isFramable = body && "body" in body && body.isChecked && identity !== "anonymous";
    this.isFramed = takesFrames && isFramable === true;
    const framing =
      isFramable && this.isFramed
        ? framingHeaders(body.sizeBytes, headers["content-encoding"])
        : {};
    this.headers = { host: this.address.host, ...Object.fromEntries(own), ...framing };
    this.isConditional = own.some(([name]) => name === "if-match" || name === "if-none-match");
    const bringsObject = key !== undefined && query.every(([name]) => OBJECT_PARAMETER.test(name));
    this.isBulk = body !== undefined || (method === "GET" && bringsObject);
    this.payloadHash = this.isFramed ? FRAMED_PAYLOAD : payloadHashOf(body);
  }

  get method(): string {
    return this.#request.method;
  }

  get identity(): string | undefined {
    return this.#request.identity;
  }

  get signal(): AbortSignal | undefined {
    return this.#request.signal;
  }

  get hasBody(): boolean {
    return this.#request.body !== undefined;
  }

  /** The request with what its signature adds. */
  wireRequest(signature: HeaderFields): WireRequest {
    const { method, body, signal, traceparent } = this.#request;
    const { rawPath, rawQuery } = this.address;
    return {
      method,
      target: rawQuery === "" ? rawPath : `${rawPath}?${rawQuery}`,
      headers: { ...this.headers, ...signature, ...(traceparent ? { traceparent } : {}) },
      ...(body === undefined ? {} : { body: this.#wireBody(body) }),
      ...(signal === undefined ? {} : { signal }),
    };
  }

  #wireBody(body: NonNullable<BackendRequest["body"]>): NonNullable<BackendRequest["body"]> {
    return this.isFramed && "body" in body ? framedUpload(body) : body;
  }
}

/** The streamed body of a request, if it has one. */
export function streamOf({ body }: BackendRequest): Body | undefined {
  return body && "body" in body ? body.body : undefined;
}

function payloadHashOf(body: BackendRequest["body"]): string {
  if (body === undefined) return EMPTY_SHA256;
  return "body" in body ? UNSIGNED_PAYLOAD : hash("sha256", body);
}
