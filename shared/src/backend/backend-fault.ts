/** What the backend said no with, as a Fault: the S3 code and message, and nothing that tells where the backend is. */
import { Fault, type FaultDetails } from "../faults.ts";
import { parseXml, type XmlElement } from "../s3/xml.ts";
import type { BackendResponse, HeaderFields } from "./backend.ts";

const MAX_ERROR_BYTES = 64 * 1024;
const MAX_TEXT_CHARACTERS = 1024;

/**
 * Elements of an error that a client may see besides code and message. Not among them: hosts and endpoints, what the backend signed, its
 * request ids, and sizes and ETags, which are those of the ciphertext (but see `backendFault`).
 */
const SHOWN_ELEMENTS = [
  "ArgumentName",
  "ArgumentValue",
  "BucketName",
  "Condition",
  "Key",
  "Method",
  "MinSizeAllowed",
  "PartNumber",
  "Region",
  "ResourceType",
  "TagKey",
  "TagValue",
  "UploadId",
  "VersionId",
];

/** Headers of an error's answer that a client may see: what was not read or not allowed, and what a browser must be told (CORS). */
const SHOWN_HEADERS = new Set([
  "accept-ranges",
  "allow",
  "cache-control",
  "expires",
  "last-modified",
  "retry-after",
  "vary",
  "x-amz-bucket-region",
  "x-amz-delete-marker",
  "x-amz-version-id",
]);

/** True for a header that `backendFault` takes over, under its own name, into the details of a fault. */
export function isShownHeader(name: string): boolean {
  return SHOWN_HEADERS.has(name) || name.startsWith("access-control-");
}

/** The headers that a fault of `backendFault` took over. */
export function shownHeadersOf({ details }: Fault): HeaderFields {
  const headers = Object.entries(details).filter(([name]) => isShownHeader(name));
  return Object.fromEntries(headers.map(([name, value]) => [name, String(value)]));
}

const THROTTLING_CODES = new Set([
  "RequestLimitExceeded",
  "ServiceUnavailable",
  "SlowDown",
  "Throttling",
  "ThrottlingException",
  "TooManyRequests",
]);

/** Code and message where the answer has none: HEAD, 304, or something that is not S3's XML. */
const BY_STATUS: Readonly<Record<number, readonly [s3Code: string, s3Message: string]>> = {
  301: ["PermanentRedirect", "The bucket must be addressed at another endpoint."],
  304: ["NotModified", "Not Modified"],
  307: ["TemporaryRedirect", "The bucket must be addressed at another endpoint for now."],
  400: ["BadRequest", "Bad Request"],
  403: ["AccessDenied", "Access Denied"],
  404: ["NotFound", "Not Found"],
  405: ["MethodNotAllowed", "The specified method is not allowed against this resource."],
  409: ["OperationAborted", "A conflicting operation is in progress against this resource."],
  411: ["MissingContentLength", "You must provide the Content-Length HTTP header."],
  412: ["PreconditionFailed", "At least one of the preconditions you specified did not hold."],
  413: ["EntityTooLarge", "Your proposed upload exceeds the maximum allowed size."],
  416: ["InvalidRange", "The requested range is not satisfiable."],
  429: ["SlowDown", "Please reduce your request rate."],
  500: ["InternalError", "We encountered an internal error. Please try again."],
  501: ["NotImplemented", "A header or operation you provided is not implemented."],
  503: ["ServiceUnavailable", "Service is unable to handle request."],
};

/**
 * The Fault for an answer that is an error; reads its body to the end. `backend.throttled` for 429, 503 and S3's throttling codes, else
 * `backend.refused`; `details` hold `status`, `s3Code`, `s3Message` and what else may be shown: elements of the error, headers (`isShownHeader`), for
 * 304 the backend's `ETag`. Rejects only if the body cannot be read.
 */
export async function backendFault(response: BackendResponse): Promise<Fault> {
  const { status } = response;
  const error = await readError(response);
  const [code, message] = BY_STATUS[status] ?? BY_STATUS[status < 500 ? 400 : 500] ?? ["", ""];
  const s3Code = shown(error?.textOf("Code")) ?? code;
  const said = error?.textOf("Message");
  // An empty message (Ceph's) is not given words.
  const s3Message = said === undefined ? message : (shown(said) ?? "");
  const isThrottled = status === 429 || status === 503 || THROTTLING_CODES.has(s3Code);
  return new Fault(
    isThrottled ? "backend.throttled" : "backend.refused",
    `backend answered ${status} ${s3Code}`,
    {
      details: {
        status,
        s3Code,
        s3Message,
        ...extras(error),
        ...shownHeaders(response),
        ...unchangedTag(response),
      },
    },
  );
}

/** The error element, or undefined where there is none that can be read. */
async function readError(response: BackendResponse): Promise<XmlElement | undefined> {
  const length = Number(response.headers["content-length"] ?? 0);
  if (length > MAX_ERROR_BYTES) {
    response.body.destroy();
    return undefined;
  }
  const text = await response.text(MAX_ERROR_BYTES);
  if (!text.trimStart().startsWith("<")) return undefined;
  try {
    const root = parseXml(text);
    // Some servers wrap the error, as the old query protocol did.
    return root.name === "Error" ? root : root.child("Error");
  } catch {
    return undefined;
  }
}

function extras(error: XmlElement | undefined): FaultDetails {
  const found: Record<string, string> = {};
  for (const name of SHOWN_ELEMENTS) {
    const text = shown(error?.textOf(name));
    if (text !== undefined) found[name] = text;
  }
  return found;
}

function shownHeaders({ headers }: BackendResponse): FaultDetails {
  const found = Object.entries(headers).filter(([name]) => isShownHeader(name));
  return Object.fromEntries(
    found.map(([name, value]) => [name, value.slice(0, MAX_TEXT_CHARACTERS)]),
  );
}

function unchangedTag({ status, headers: { etag } }: BackendResponse): FaultDetails {
  return status === 304 && etag !== undefined ? { ETag: etag } : {};
}

function shown(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed ? trimmed.slice(0, MAX_TEXT_CHARACTERS) : undefined;
}
