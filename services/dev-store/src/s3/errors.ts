/** Every S3 error this server gives, and how what went wrong becomes one. */
import { type FaultCode, isFault } from "@s3eg/shared/faults.ts";

const S3_ERRORS = {
  AccessDenied: [403, "Access Denied"],
  AuthorizationHeaderMalformed: [400, "The authorization header is malformed"],
  AuthorizationQueryParametersError: [400, "The authorization query parameters are not valid"],
  BadDigest: [400, "The digest you specified did not match what we received"],
  BucketAlreadyOwnedByYou: [409, "You own the bucket already"],
  BucketNotEmpty: [409, "The bucket you tried to delete is not empty"],
  EntityTooLarge: [400, "Your proposed upload is larger than the largest allowed"],
  EntityTooSmall: [400, "Your proposed upload is smaller than the smallest allowed"],
  IncompleteBody: [400, "The body has not the number of bytes its headers promise"],
  InternalError: [500, "We encountered an internal error. Please try again."],
  InvalidAccessKeyId: [403, "The access key you provided does not exist in our records"],
  InvalidArgument: [400, "Invalid Argument"],
  InvalidBucketName: [400, "The specified bucket is not valid"],
  InvalidDigest: [400, "The Content-MD5 you specified is not valid"],
  InvalidPart: [400, "One or more of the specified parts could not be found, or its ETag differs"],
  InvalidPartNumber: [416, "The requested part number is not satisfiable"],
  InvalidPartOrder: [400, "The list of parts was not in ascending order"],
  InvalidRange: [416, "The requested range is not satisfiable"],
  InvalidRequest: [400, "Invalid Request"],
  InvalidTag: [400, "The tag provided was not a valid tag"],
  InvalidURI: [400, "Couldn't parse the specified URI"],
  KeyTooLongError: [400, "Your key is too long"],
  MalformedTrailerError: [400, "The request has no valid trailer of the announced name"],
  MalformedXML: [400, "The XML you provided was not well-formed or did not validate"],
  MaxMessageLengthExceeded: [400, "Your request was too big"],
  MetadataTooLarge: [400, "Your metadata headers exceed the maximum allowed metadata size"],
  MethodNotAllowed: [405, "The specified method is not allowed against this resource"],
  MissingContentLength: [411, "You must provide the Content-Length HTTP header"],
  NoSuchBucket: [404, "The specified bucket does not exist"],
  NoSuchKey: [404, "The specified key does not exist"],
  NoSuchUpload: [404, "The specified multipart upload does not exist"],
  NoSuchVersion: [404, "The specified version does not exist"],
  NotImplemented: [501, "A header or operation you asked for is not implemented"],
  NotModified: [304, "Not Modified"],
  OperationAborted: [409, "A conflicting operation is in progress on this resource. Try again."],
  PreconditionFailed: [412, "At least one of the preconditions you specified did not hold"],
  RequestTimeTooSkewed: [403, "The time of your request is too far from the server's"],
  SignatureDoesNotMatch: [403, "The signature we calculated does not match the one you provided"],
  SlowDown: [503, "Please reduce your request rate"],
  XAmzContentSHA256Mismatch: [400, "The x-amz-content-sha256 does not match what was computed"],
} as const satisfies Record<string, readonly [status: number, message: string]>;

/** A row of the table. */
export type S3ErrorCode = keyof typeof S3_ERRORS;

/** An error as an S3 client sees it. `fields` are extra elements of its XML, `headers` extra headers of the answer. */
export class S3Error extends Error {
  override readonly name = "S3Error";
  readonly code: S3ErrorCode;
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: S3ErrorCode,
    options: {
      message?: string;
      fields?: Record<string, string>;
      headers?: Record<string, string>;
      cause?: unknown;
    } = {},
  ) {
    const [status, message] = S3_ERRORS[code];
    super(
      options.message ?? message,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.status = status;
    this.fields = { ...options.fields };
    this.headers = { ...options.headers };
  }
}

/** True if `error` is an S3Error, and one of `codes` where any are given. */
export function isS3Error(error: unknown, ...codes: S3ErrorCode[]): error is S3Error {
  return error instanceof S3Error && (codes.length === 0 || codes.includes(error.code));
}

/** InvalidArgument about one parameter or header. */
export function invalidArgument(name: string, value: string, message?: string): S3Error {
  return new S3Error("InvalidArgument", {
    message: message ?? `${name} is not valid`,
    fields: { ArgumentName: name, ArgumentValue: value },
  });
}

const OF_FAULT: Partial<Record<FaultCode, S3ErrorCode>> = {
  "auth.denied": "AccessDenied",
  "auth.expired": "AccessDenied",
  "auth.malformed-header": "AuthorizationHeaderMalformed",
  "auth.malformed-query": "AuthorizationQueryParametersError",
  "auth.missing": "AccessDenied",
  "auth.signature-mismatch": "SignatureDoesNotMatch",
  "auth.skewed-clock": "RequestTimeTooSkewed",
  "auth.unknown-key": "InvalidAccessKeyId",
  "auth.unsupported": "InvalidRequest",
  "crypto.invalid-range": "InvalidRange",
  "input.bad-digest": "BadDigest",
  "input.incomplete-body": "IncompleteBody",
  "input.invalid": "InvalidArgument",
  "input.invalid-digest": "InvalidDigest",
  "input.invalid-uri": "InvalidURI",
  "input.malformed-chunk": "IncompleteBody",
  "input.malformed-xml": "MalformedXML",
  "input.sha256-mismatch": "XAmzContentSHA256Mismatch",
  "limit.body-too-large": "MaxMessageLengthExceeded",
  "limit.busy": "SlowDown",
  "limit.metadata-too-large": "MetadataTooLarge",
};

/** What to answer for anything thrown; what nobody foresaw is an InternalError that tells nothing. */
export function toS3Error(error: unknown): S3Error {
  if (error instanceof S3Error) return error;
  if (isFault(error)) {
    const code = OF_FAULT[error.code];
    if (code) return new S3Error(code, { message: error.message, cause: error });
  }
  return new S3Error("InternalError", { cause: error });
}
