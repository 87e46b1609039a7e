/** The one place where whatever was thrown becomes the S3 error that a client sees (docs/errors.md). */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { isShownHeader, shownHeadersOf } from "@s3eg/shared/backend/backend-fault.ts";
import { Fault, type FaultCode } from "@s3eg/shared/faults.ts";
import { type ErrorFields, S3Error, type S3ErrorCode, s3Error } from "./errors.ts";

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
