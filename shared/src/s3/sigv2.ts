/**
 * AWS Signature Version 2 as S3 speaks it (S3 developer guide, "Signing and authenticating REST requests"), in the Authorization
 * header or in the query. HMAC-SHA1 over less of a request than version 4 covers: kept for the clients that still sign so.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { Fault } from "../faults.ts";
import { Secret } from "../runtime/secret.ts";
import { parseQuery } from "./names.ts";
import { type SignableRequest, trimSpaces } from "./sigv4.ts";
import { parseTimestamp, valuesOf } from "./sigv4-claim.ts";
import { payloadWithoutSignedChunks, type VerifiedSignature } from "./sigv4-verify.ts";

/** What verification needs to know. */
export interface VerifyV2Options {
  findSecret(accessKey: string): Secret | undefined;
  readonly now: Date;
  /** How far the client's clock may be off, either way (header form only: the query form names its end). */
  readonly clockSkewMs: number;
  /** The bucket of a virtual-host style request: it belongs in front of the path that is signed. */
  readonly bucketOfHost?: string;
}

/** True if a request carries anything of a version 2 signature, so that a mutilated one is refused and not taken for anonymous. */
export function isSignedV2(request: SignableRequest): boolean {
  const isInHeader = valuesOf(request, "authorization").some((value) =>
    /^AWS(?:[ \t]|$)/.test(trimSpaces(value)),
  );
  return isInHeader || queryOf(request).some(([name]) => MARKS.has(name));
}

/** Verifies the signature. Throws `auth.*` faults, and `input.invalid` for what is not a version 2 signature at all. */
export function verifySignatureV2(
  request: SignableRequest,
  options: VerifyV2Options,
): VerifiedSignature {
  const claim = readClaim(request, options);
  const payload = payloadWithoutSignedChunks(request);
  const secret = options.findSecret(claim.accessKey);
  const text = stringToSignV2(request, claim.date, options.bucketOfHost);
  const isSignatureOf = (signed: string) =>
    isSameText(signV2(secret ?? NOBODYS_SECRET, signed), claim.signature);
  const isRight = isSignatureOf(text);
  if (!secret) throw new Fault("auth.unknown-key", "access key is not known here");
  // Some clients sign `/bucket/` and ask for `/bucket`. Servers deny them, and do not call the signature wrong.
  const withSlash = { ...request, rawPath: `${request.rawPath}/` };
  if (!isRight && isSignatureOf(stringToSignV2(withSlash, claim.date, options.bucketOfHost))) {
    throw new Fault("auth.denied", "the path was signed with a slash and sent without");
  }
  if (!isRight) throw new Fault("auth.signature-mismatch", "signature does not match");
  // Version 2 knows no regions.
  return { accessKey: claim.accessKey, form: claim.form, payload, region: "" };
}

/** The text that is signed. `date` stands in its fourth line: the Date header, nothing where `x-amz-date` is given, or `Expires`. */
export function stringToSignV2(
  request: SignableRequest,
  date: string,
  bucketOfHost?: string,
): string {
  const line = (name: string) => trimSpaces(valuesOf(request, name)[0] ?? "");
  return `${request.method}\n${line("content-md5")}\n${line("content-type")}\n${date}\n${amzHeaders(request)}${resource(request, bucketOfHost)}`;
}

/** The signature of a text (one character a byte), in base64. */
export function signV2(secretKey: Secret, text: string): string {
  return createHmac("sha1", secretKey.reveal()).update(text, "latin1").digest("base64");
}

/** Compares signatures in a time that does not depend on where they differ. */
export function isSameText(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}

interface Claim {
  readonly form: "header" | "presigned";
  readonly accessKey: string;
  readonly signature: string;
  readonly date: string;
}

const MARKS: ReadonlySet<string> = new Set(["AWSAccessKeyId", "Signature"]);
const V4_MARKS: ReadonlySet<string> = new Set([
  "X-Amz-Algorithm",
  "X-Amz-Credential",
  "X-Amz-Signature",
]);

// Stands in for the secret of a key nobody knows, so that both kinds of refusal do the same work.
const NOBODYS_SECRET = new Secret("not the secret of any access key");

function readClaim(request: SignableRequest, options: VerifyV2Options): Claim {
  const authorizations = valuesOf(request, "authorization").map(trimSpaces);
  const query = queryOf(request);
  const isInQuery = query.some(([name]) => MARKS.has(name));
  const forms =
    authorizations.length + Number(isInQuery) + Number(query.some(([name]) => V4_MARKS.has(name)));
  if (forms > 1) {
    throw new Fault(
      "input.invalid",
      "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified",
    );
  }
  return isInQuery
    ? queryClaim(query, options)
    : headerClaim(request, authorizations[0] ?? "", options);
}

function headerClaim(
  request: SignableRequest,
  authorization: string,
  { now, clockSkewMs }: VerifyV2Options,
): Claim {
  const match = /^AWS[ \t]+([^\s:]+):(\S+)$/.exec(authorization);
  const [, accessKey = "", signature = ""] = match ?? [];
  if (!match) {
    throw new Fault(
      "input.invalid",
      "AWS authorization header is invalid. Expected AwsAccessKeyId:signature",
      { details: { ArgumentName: "Authorization" } },
    );
  }
  const amzDate = valuesOf(request, "x-amz-date")[0];
  const given = trimSpaces(amzDate ?? valuesOf(request, "date")[0] ?? "");
  const momentMs = momentOf(given);
  if (momentMs === undefined) {
    throw new Fault("auth.denied", "a valid Date or x-amz-date header is required");
  }
  if (Math.abs(momentMs - now.getTime()) > clockSkewMs) {
    throw new Fault("auth.skewed-clock", "request time is too far from the time here", {
      details: { requestTime: given, serverTime: now.toISOString() },
    });
  }
  return { form: "header", accessKey, signature, date: amzDate === undefined ? given : "" };
}

function queryClaim(
  query: readonly (readonly [string, string])[],
  { now }: VerifyV2Options,
): Claim {
  const only = (wanted: string) => {
    const values = query.filter(([name]) => name === wanted);
    return values.length === 1 ? (values[0]?.[1] ?? "") : "";
  };
  const [accessKey, signature, date] = [only("AWSAccessKeyId"), only("Signature"), only("Expires")];
  if (accessKey === "" || signature === "" || !/^\d{1,11}$/.test(date)) {
    throw new Fault(
      "auth.denied",
      "the query needs one Signature, one Expires and one AWSAccessKeyId",
    );
  }
  if (Number(date) * 1000 < now.getTime()) {
    throw new Fault("auth.expired", "Request has expired", {
      details: { Expires: date, serverTime: now.toISOString() },
    });
  }
  return { form: "presigned", accessKey, signature, date };
}

const HTTP_DATE =
  /^(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (?:GMT|UTC|[+-]\d{4})$/;

/** Milliseconds of an HTTP date or a `20130524T000000Z`; `undefined` for anything else, and before 1970, as S3 has it. */
function momentOf(text: string): number | undefined {
  const moment = parseTimestamp(text) ?? (HTTP_DATE.test(text) ? Date.parse(text) : Number.NaN);
  return moment >= 0 ? moment : undefined;
}

/** CanonicalizedAmzHeaders. */
function amzHeaders({ headers }: SignableRequest): string {
  const values = new Map<string, string>();
  for (const [name, value] of headers) {
    const lowerName = name.toLowerCase();
    if (!lowerName.startsWith("x-amz-")) continue;
    const earlier = values.get(lowerName);
    values.set(lowerName, `${earlier === undefined ? "" : `${earlier},`}${trimSpaces(value)}`);
  }
  const names = [...values.keys()].sort();
  return names.map((name) => `${name}:${values.get(name)}\n`).join("");
}

/**
 * Query parameters that are signed: the sub-resources and the response overrides. S3's list is of its time; the newer sub-resources
 * are on ours, or a signature for an object would serve for its retention too.
 */
const SIGNED_PARAMETERS: ReadonlySet<string> = new Set([
  "abac",
  "accelerate",
  "acl",
  "analytics",
  "annotation",
  "append",
  "attributes",
  "cors",
  "defaultObjectAcl",
  "delete",
  "encryption",
  "intelligent-tiering",
  "inventory",
  "legal-hold",
  "lifecycle",
  "location",
  "logging",
  "metadataAnnotationTable",
  "metadataConfiguration",
  "metadataInventoryTable",
  "metadataJournalTable",
  "metadataTable",
  "metrics",
  "notification",
  "object-lock",
  "ownershipControls",
  "partNumber",
  "policy",
  "policyStatus",
  "publicAccessBlock",
  "renameObject",
  "replication",
  "requestPayment",
  "response-cache-control",
  "response-content-disposition",
  "response-content-encoding",
  "response-content-language",
  "response-content-type",
  "response-expires",
  "restore",
  "retention",
  "select",
  "select-type",
  "session",
  "storageClass",
  "tagging",
  "torrent",
  "uploadId",
  "uploads",
  "versionId",
  "versioning",
  "versions",
  "website",
]);

/** True for a query parameter that a version 2 signature covers. */
export function isSignedParameterV2(name: string): boolean {
  return SIGNED_PARAMETERS.has(name);
}

/** CanonicalizedResource: the path as it came, and the signed parameters, decoded. */
function resource(request: SignableRequest, bucketOfHost: string | undefined): string {
  const path = `${bucketOfHost === undefined ? "" : `/${bucketOfHost}`}${request.rawPath || "/"}`;
  const parameters = queryOf(request)
    .filter(([name]) => SIGNED_PARAMETERS.has(name))
    .sort(([a], [b]) => (a < b ? -1 : Number(a > b)))
    .map(([name, value]) =>
      value === "" ? name : `${name}=${Buffer.from(value).toString("latin1")}`,
    );
  return parameters.length === 0 ? path : `${path}?${parameters.join("&")}`;
}

function queryOf({ rawQuery }: SignableRequest): [string, string][] {
  return rawQuery === "" ? [] : parseQuery(rawQuery);
}
