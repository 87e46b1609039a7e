/** The S3 errors a client sees (docs/errors.md). */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";

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
