/** What a request says about its own SigV4 signature, read from the Authorization header or from the query and not yet believed. */
import { Fault, type FaultCode } from "../faults.ts";
import { parseQuery } from "./names.ts";
import {
  ALGORITHM,
  type SignableRequest,
  type SigningScope,
  toTimestamp,
  UNSIGNED_PAYLOAD,
} from "./sigv4.ts";

/** A well-formed claim. */
export interface SignatureClaim {
  readonly form: "header" | "presigned";
  readonly accessKey: string;
  readonly scope: SigningScope;
  /** Lower-case, without duplicates, `host` among them. */
  readonly signedHeaders: readonly string[];
  /** As it came: compare it, do not trust its form. */
  readonly signature: string;
  /** `20130524T000000Z` */
  readonly timestamp: string;
  /** Presigned only: seconds from `timestamp` on, 1 to 604800. */
  readonly expiresSeconds?: number;
  /** Value of x-amz-content-sha256, or what stands for it. */
  readonly payloadHash: string;
}

/** The code for faults in the form the client chose. */
export function malformedCode(form: SignatureClaim["form"]): FaultCode {
  return form === "header" ? "auth.malformed-header" : "auth.malformed-query";
}

/**
 * Reads the claim; `undefined` when the request carries no authentication at all. Throws `auth.unsupported` for other schemes
 * (SigV4A among them; SigV2 is sigv2.ts), `auth.malformed-header`, `auth.malformed-query`, `auth.expired` for a lifetime out of
 * range, and `auth.denied` without a usable date.
 */
export function readClaim(request: SignableRequest): SignatureClaim | undefined {
  const authorizations = valuesOf(request, "authorization");
  const query = request.rawQuery === "" ? [] : parseQuery(request.rawQuery);
  const isPresigned = query.some(([name]) => PRESIGNED_MARKS.has(name));
  if (query.some(([name]) => V2_MARKS.has(name))) {
    throw new Fault("auth.unsupported", "signature version 2 is not supported here");
  }
  if (authorizations.length > 1) {
    throw new Fault("auth.malformed-header", "more than one Authorization header");
  }
  const authorization = authorizations[0]?.trim() ?? "";
  if (isPresigned && authorization !== "") {
    throw new Fault("auth.malformed-header", "signed in the header and in the query");
  }
  if (isPresigned) return presignedClaim(request, query);
  return authorization === "" ? undefined : headerClaim(request, authorization);
}

/** Every value of a header, in order. */
export function valuesOf(request: SignableRequest, lowerName: string): string[] {
  const values: string[] = [];
  for (const [name, value] of request.headers) {
    if (name.length === lowerName.length && name.toLowerCase() === lowerName) values.push(value);
  }
  return values;
}

// Any one of them makes the request a presigned one, so that a mutilated URL is refused and not taken for anonymous.
const PRESIGNED_MARKS: ReadonlySet<string> = new Set([
  "X-Amz-Algorithm",
  "X-Amz-Credential",
  "X-Amz-Signature",
]);
const V2_MARKS: ReadonlySet<string> = new Set(["AWSAccessKeyId", "Signature"]);
const MAX_EXPIRES_SECONDS = 604_800;

function headerClaim(request: SignableRequest, authorization: string): SignatureClaim {
  const schemeEnd = authorization.search(/[ \t]/);
  const scheme = schemeEnd < 0 ? authorization : authorization.slice(0, schemeEnd);
  if (scheme !== ALGORITHM) throw unsupportedAlgorithm();
  const parts = new Map<string, string>();
  for (const part of authorization.slice(scheme.length).split(",")) {
    const nameEnd = part.indexOf("=");
    const name = part.slice(0, Math.max(nameEnd, 0)).trim();
    if (!HEADER_PARTS.has(name) || parts.has(name)) {
      throw new Fault("auth.malformed-header", "Authorization header has an unexpected part");
    }
    parts.set(name, part.slice(nameEnd + 1).trim());
  }
  const [payloadHash, ...others] = valuesOf(request, "x-amz-content-sha256");
  if (payloadHash === undefined || others.length > 0) {
    throw new Fault(
      "auth.malformed-header",
      "exactly one x-amz-content-sha256 header is required",
      {
        details: { header: "x-amz-content-sha256" },
      },
    );
  }
  return {
    form: "header",
    ...credentialOf(parts.get("Credential"), "header"),
    signedHeaders: signedHeadersOf(parts.get("SignedHeaders"), "header"),
    signature: required(parts.get("Signature"), "Signature", "header"),
    timestamp: headerTimestamp(request),
    payloadHash: payloadHash.trim(),
  };
}

const HEADER_PARTS: ReadonlySet<string> = new Set(["Credential", "SignedHeaders", "Signature"]);

function presignedClaim(
  request: SignableRequest,
  query: readonly (readonly [name: string, value: string])[],
): SignatureClaim {
  const parameters = new Map<string, string>();
  for (const [name, value] of query) {
    const lowerName = name.toLowerCase();
    if (!lowerName.startsWith("x-amz-")) continue;
    if (parameters.has(lowerName)) throw malformedParameter(name);
    parameters.set(lowerName, value);
  }
  const parameter = (name: string) => parameters.get(name.toLowerCase());
  if (required(parameter("X-Amz-Algorithm"), "X-Amz-Algorithm", "presigned") !== ALGORITHM) {
    throw unsupportedAlgorithm();
  }
  const timestamp = parameter("X-Amz-Date") ?? "";
  if (parseTimestamp(timestamp) === undefined) throw malformedParameter("X-Amz-Date");
  const expiresSeconds = expiresSecondsOf(parameter("X-Amz-Expires") ?? "");
  return {
    form: "presigned",
    ...credentialOf(parameter("X-Amz-Credential"), "presigned"),
    signedHeaders: signedHeadersOf(parameter("X-Amz-SignedHeaders"), "presigned"),
    signature: required(parameter("X-Amz-Signature"), "X-Amz-Signature", "presigned"),
    timestamp,
    expiresSeconds,
    payloadHash: presignedPayloadHash(request, parameter("X-Amz-Content-Sha256")),
  };
}

/** Servers answer 403 to a lifetime they do not grant, not 400: such a URL is never valid. */
function expiresSecondsOf(expires: string): number {
  if (!/^-?\d{1,15}$/.test(expires)) throw malformedParameter("X-Amz-Expires");
  const seconds = Number(expires);
  if (seconds >= 1 && seconds <= MAX_EXPIRES_SECONDS) return seconds;
  throw new Fault(
    "auth.expired",
    `X-Amz-Expires must be from 1 to ${MAX_EXPIRES_SECONDS} seconds`,
    {
      details: { expiresSeconds: seconds },
    },
  );
}

function presignedPayloadHash(request: SignableRequest, parameter: string | undefined): string {
  const given = new Set(valuesOf(request, "x-amz-content-sha256").map((value) => value.trim()));
  if (parameter !== undefined) given.add(parameter);
  if (given.size > 1) throw malformedParameter("X-Amz-Content-Sha256");
  const [payloadHash = UNSIGNED_PAYLOAD] = given;
  return payloadHash;
}

function credentialOf(
  credential: string | undefined,
  form: SignatureClaim["form"],
): { accessKey: string; scope: SigningScope } {
  // From the right: an access key may hold slashes.
  const match = /^(.+)\/(\d{8})\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(
    required(credential, "Credential", form),
  );
  const [, accessKey = "", date = "", region = "", service, terminator] = match ?? [];
  if (!match || service !== "s3" || terminator !== "aws4_request") {
    throw new Fault(
      malformedCode(form),
      "credential is not <access key>/<yyyymmdd>/<region>/s3/aws4_request",
    );
  }
  return { accessKey, scope: { date, region, service } };
}

function signedHeadersOf(list: string | undefined, form: SignatureClaim["form"]): string[] {
  const names = required(list, "SignedHeaders", form).split(";");
  const isWellFormed = names.every((name) => /^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name));
  if (!isWellFormed || new Set(names).size !== names.length) {
    throw new Fault(malformedCode(form), "SignedHeaders is not a list of lower-case header names");
  }
  if (!names.includes("host")) throw new Fault(malformedCode(form), "host header is not signed");
  return names;
}

function headerTimestamp(request: SignableRequest): string {
  const amzDates = valuesOf(request, "x-amz-date");
  const [date, ...others] = amzDates.length > 0 ? amzDates : valuesOf(request, "date");
  const timestamp =
    date === undefined || others.length > 0 ? undefined : toTimestampOf(date.trim());
  if (timestamp === undefined) {
    // S3 answers AccessDenied here, not a malformed header.
    throw new Fault("auth.denied", "a valid Date or x-amz-date header is required");
  }
  return timestamp;
}

/** Milliseconds of a `20130524T000000Z`; `undefined` if it is not one. */
export function parseTimestamp(timestamp: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const moment = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  // Date.parse takes 30 February for 2 March: a moment must be written as it reads.
  return Number.isNaN(moment) || toTimestamp(new Date(moment)) !== timestamp ? undefined : moment;
}

function toTimestampOf(date: string): string | undefined {
  if (parseTimestamp(date) !== undefined) return date;
  // RFC 1123, as in the Date header.
  if (!/^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (?:GMT|[+-]0000)$/.test(date)) {
    return undefined;
  }
  const moment = Date.parse(date);
  return Number.isNaN(moment) ? undefined : toTimestamp(new Date(moment));
}

function required(value: string | undefined, name: string, form: SignatureClaim["form"]): string {
  if (value) return value;
  throw new Fault(malformedCode(form), `${name} is missing from the authentication`, {
    details: { part: name },
  });
}

function malformedParameter(parameter: string): Fault {
  return new Fault("auth.malformed-query", `query parameter ${parameter} is missing or not valid`, {
    details: { parameter },
  });
}

function unsupportedAlgorithm(): Fault {
  return new Fault(
    "auth.unsupported",
    `The authorization mechanism you have provided is not supported. Please use ${ALGORITHM}.`,
  );
}
