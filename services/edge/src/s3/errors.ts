/** The S3 errors a client sees, and the one place where whatever was thrown becomes one of them (docs/errors.md). */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { isShownHeader, shownHeadersOf } from "@s3eg/shared/backend/backend-fault.ts";
import { Fault, type FaultCode } from "@s3eg/shared/faults.ts";

/** Code → status and message, as S3 documents them (S3 API, "Error responses"). */
export const S3_ERRORS = {
  AccessDenied: { status: 403, message: "Access Denied" },
  AuthorizationHeaderMalformed: {
    status: 400,
    message: "The authorization header that you provided is not valid.",
  },
  AuthorizationQueryParametersError: {
    status: 400,
    message: "The query authorization parameters that you provided are not valid.",
  },
  BadDigest: {
    status: 400,
    message:
      "The Content-MD5 or checksum value that you specified did not match what the server received.",
  },
  BadRequest: { status: 400, message: "Bad Request" },
  EntityTooLarge: {
    status: 400,
    message: "Your proposed upload exceeds the maximum allowed object size.",
  },
  EntityTooSmall: {
    status: 400,
    message: "Your proposed upload is smaller than the minimum allowed object size.",
  },
  IncompleteBody: {
    status: 400,
    message: "You did not provide the number of bytes specified by the Content-Length HTTP header.",
  },
  InternalError: { status: 500, message: "We encountered an internal error. Please try again." },
  InvalidAccessKeyId: {
    status: 403,
    message: "The AWS Access Key Id you provided does not exist in our records.",
  },
  InvalidArgument: { status: 400, message: "Invalid Argument" },
  InvalidBucketName: { status: 400, message: "The specified bucket is not valid." },
  InvalidDigest: {
    status: 400,
    message: "The Content-MD5 or checksum value that you specified is not valid.",
  },
  InvalidPartNumber: { status: 416, message: "The requested partnumber is not satisfiable" },
  InvalidPolicyDocument: {
    status: 400,
    message:
      "The content of the form does not meet the conditions specified in the policy document.",
  },
  InvalidRange: { status: 416, message: "The requested range is not satisfiable" },
  InvalidRequest: { status: 400, message: "Invalid Request" },
  InvalidToken: {
    status: 400,
    message: "The provided token is malformed or otherwise not valid.",
  },
  InvalidURI: { status: 400, message: "The specified URI couldn't be parsed." },
  KeyTooLongError: { status: 400, message: "Your key is too long." },
  MalformedPOSTRequest: {
    status: 400,
    message: "The body of your POST request is not well-formed multipart/form-data.",
  },
  MalformedXML: {
    status: 400,
    message:
      "The XML you provided was not well-formed or did not validate against our published schema",
  },
  MaxPostPreDataLengthExceeded: {
    status: 400,
    message: "Your POST request fields preceding the upload file were too large.",
  },
  MetadataTooLarge: {
    status: 400,
    message: "Your metadata headers exceed the maximum allowed metadata size.",
  },
  MethodNotAllowed: {
    status: 405,
    message: "The specified method is not allowed against this resource.",
  },
  MissingContentLength: {
    status: 411,
    message: "You must provide the Content-Length HTTP header.",
  },
  MissingRequestBodyError: { status: 400, message: "Request body is empty." },
  NoSuchUpload: {
    status: 404,
    message:
      "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
  },
  NotImplemented: {
    status: 501,
    message: "A header or query you provided requested functionality that is not implemented.",
  },
  PreconditionFailed: {
    status: 412,
    message: "At least one of the preconditions you specified did not hold.",
  },
  RequestTimeTooSkewed: {
    status: 403,
    message: "The difference between the request time and the server's time is too large.",
  },
  RequestTimeout: {
    status: 400,
    message:
      "Your socket connection to the server was not read from or written to within the timeout period.",
  },
  ServiceUnavailable: { status: 503, message: "Service is unable to handle request." },
  SignatureDoesNotMatch: {
    status: 403,
    message:
      "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
  },
  SlowDown: { status: 503, message: "Please reduce your request rate." },
  XAmzContentSHA256Mismatch: {
    status: 400,
    message: "The provided 'x-amz-content-sha256' header does not match what was computed.",
  },
} as const satisfies Record<string, { status: number; message: string }>;

/** A row of S3_ERRORS. */
export type S3ErrorCode = keyof typeof S3_ERRORS;

/** Extra elements of an error body (S3 API: `BucketName`, `Key`, `ArgumentName` …), in order. */
export type ErrorFields = Readonly<Record<string, string | number | boolean>>;

/** An S3 error as the client gets it. `code` is any string where the backend's own error comes through. */
export class S3Error extends Error {
  override readonly name = "S3Error";
  readonly code: string;
  readonly status: number;
  readonly fields: ErrorFields;
  /** Headers of the answer beside those that every answer has. */
  readonly headers: HeaderFields;

  constructor(
    error: {
      code: string;
      status: number;
      message: string;
      fields?: ErrorFields;
      headers?: HeaderFields;
    },
    options: { cause?: unknown } = {},
  ) {
    super(error.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = error.code;
    this.status = error.status;
    this.fields = error.fields ?? {};
    this.headers = error.headers ?? {};
  }
}

/** An error of the table, with an own message or extra elements where S3 gives them. */
export function s3Error(
  code: S3ErrorCode,
  {
    message,
    fields,
    headers,
    cause,
  }: { message?: string; fields?: ErrorFields; headers?: HeaderFields; cause?: unknown } = {},
): S3Error {
  const row = S3_ERRORS[code];
  return new S3Error(
    {
      code,
      status: row.status,
      message: message ?? row.message,
      ...(fields ? { fields } : {}),
      ...(headers ? { headers } : {}),
    },
    { cause },
  );
}

/** Fault → S3 error. A fault without a row does not compile. */
const FAULT_TO_S3 = {
  "auth.denied": "AccessDenied",
  "auth.expired": "AccessDenied",
  "auth.malformed-header": "AuthorizationHeaderMalformed",
  "auth.malformed-query": "AuthorizationQueryParametersError",
  "auth.missing": "AccessDenied",
  "auth.signature-mismatch": "SignatureDoesNotMatch",
  "auth.skewed-clock": "RequestTimeTooSkewed",
  "auth.unknown-key": "InvalidAccessKeyId",
  "auth.unsupported": "InvalidRequest",
  "backend.changed": "ServiceUnavailable",
  "backend.refused": "InternalError",
  "backend.throttled": "SlowDown",
  "backend.unavailable": "ServiceUnavailable",
  "bus.no-responder": "ServiceUnavailable",
  "bus.timeout": "ServiceUnavailable",
  "bus.unavailable": "ServiceUnavailable",
  "client.gone": "IncompleteBody",
  "client.stalled": "RequestTimeout",
  "config.invalid": "InternalError",
  "crypto.integrity": "InternalError",
  "crypto.invalid-range": "InvalidRange",
  "crypto.not-permitted": "InternalError",
  "crypto.not-sealed": "AccessDenied",
  "crypto.unavailable": "ServiceUnavailable",
  "input.bad-digest": "BadDigest",
  "input.incomplete-body": "IncompleteBody",
  "input.invalid": "InvalidArgument",
  "input.invalid-digest": "InvalidDigest",
  "input.invalid-uri": "InvalidURI",
  "input.malformed-chunk": "InvalidRequest",
  "input.malformed-xml": "MalformedXML",
  "input.sha256-mismatch": "XAmzContentSHA256Mismatch",
  "internal.bug": "InternalError",
  "keys.denied": "InternalError",
  "keys.refused": "InternalError",
  "keys.unavailable": "ServiceUnavailable",
  "keys.unknown-key": "InternalError",
  "limit.body-too-large": "EntityTooLarge",
  "limit.busy": "SlowDown",
  "limit.metadata-too-large": "MetadataTooLarge",
  "state.unavailable": "ServiceUnavailable",
  "state.unknown-upload": "NoSuchUpload",
  "transfer.broken": "ServiceUnavailable",
} as const satisfies Record<FaultCode, S3ErrorCode>;

/** Faults whose message is about the client's own request and helps it; all others keep S3's standing message. */
const TELLING = new Set<FaultCode>([
  "auth.expired",
  "auth.malformed-header",
  "auth.malformed-query",
  "auth.unsupported",
  "crypto.not-sealed",
  "input.bad-digest",
  "input.invalid",
  "input.malformed-chunk",
]);

const KEYS_AWAY =
  "Service is unable to handle request: the service that holds the keys does not answer.";

/** Which part of the gateway is away, for an operator who is shown a client's error. Nothing of it is the request's fault. */
const REASONS: Partial<Record<FaultCode, string>> = {
  "bus.no-responder": KEYS_AWAY,
  "bus.timeout": KEYS_AWAY,
  "bus.unavailable": "Service is unable to handle request: its parts cannot reach each other.",
  "crypto.unavailable": "Service is unable to handle request: no worker that encrypts is there.",
  "keys.unavailable": "Service is unable to handle request: the key store cannot be used.",
  "state.unavailable":
    "Service is unable to handle request: the state of multipart uploads cannot be used.",
};

/** Backend errors that speak of the gateway's own credentials: none of the client's business, and misleading for it. */
const ABOUT_OUR_CREDENTIALS = new Set([
  "AuthorizationHeaderMalformed",
  "ExpiredToken",
  "InvalidAccessKeyId",
  "InvalidSecurity",
  "InvalidToken",
  "RequestExpired",
  "RequestTimeTooSkewed",
  "SignatureDoesNotMatch",
  "TokenRefreshRequired",
]);

/** Turns anything thrown into the S3 error for the client. Called in server.ts alone. */
export function toS3Error(error: unknown): S3Error {
  if (error instanceof S3Error) return error;
  if (!(error instanceof Fault)) return s3Error("InternalError", { cause: error });
  if (error.code === "backend.refused") return fromBackend(error);
  const told = TELLING.has(error.code) ? error.message : REASONS[error.code];
  const message = told === undefined ? {} : { message: told };
  const range = error.code === "crypto.invalid-range" ? beyondTheEnd(error) : {};
  return s3Error(FAULT_TO_S3[error.code], { ...message, ...range, cause: error });
}

function fromBackend(fault: Fault): S3Error {
  const { status, s3Code, s3Message, ...more } = fault.details;
  if (
    typeof status !== "number" ||
    typeof s3Code !== "string" ||
    ABOUT_OUR_CREDENTIALS.has(s3Code)
  ) {
    return s3Error("InternalError", { cause: fault });
  }
  const message = typeof s3Message === "string" ? s3Message : s3Code;
  const fields = Object.entries(more).filter(([name]) => !isShownHeader(name));
  return new S3Error(
    {
      code: s3Code,
      status,
      message,
      fields: Object.fromEntries(fields),
      headers: shownHeadersOf(fault),
    },
    { cause: fault },
  );
}

/** What a client is told that asked for a range behind the object (RFC 9110 §14.4). */
function beyondTheEnd(fault: Fault): { fields?: ErrorFields; headers?: HeaderFields } {
  const { size } = fault.details;
  if (size === undefined) return {};
  return { fields: { ActualObjectSize: size }, headers: { "content-range": `bytes */${size}` } };
}
