/**
 * AWS Signature Version 4 as S3 speaks it (S3 API reference, "Authenticating Requests: AWS Signature Version 4"): canonical request,
 * signing keys, and signing. Verification is in sigv4-verify.ts, the framing of signed chunks in aws-chunked.ts.
 */
import { createHmac, createSecretKey, hash, type KeyObject } from "node:crypto";
import { Fault } from "../faults.ts";
import { Secret } from "../runtime/secret.ts";
import { encodeComponent, recodeComponent } from "./names.ts";

/** What of a request is signed. Strings hold one character for each byte of the wire (latin-1). */
export interface SignableRequest {
  readonly method: string;
  /** As on the wire: percent-encoded, without the query. */
  readonly rawPath: string;
  /** As on the wire, without the `?`. */
  readonly rawQuery: string;
  /** Every header line, `host` among them; a name may come more than once. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** The name of the scheme, at the head of Authorization and of every string to sign. */
export const ALGORITHM = "AWS4-HMAC-SHA256";
/** SHA-256 of nothing, in hex. */
export const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/** Payload hash of a body that is not signed. */
export const UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD";

/**
 * The canonical request, of which a signature covers the hash. The path is used exactly as sent: S3 encodes it once and does not
 * normalise it. The query is sorted and re-encoded, `X-Amz-Signature` left out. `signedHeaders` are lower-case; one that is
 * missing counts as empty. Throws `input.invalid-uri` on a query that is not percent-encoded.
 */
export function canonicalRequest(
  request: SignableRequest,
  signedHeaders: readonly string[],
  payloadHash: string,
): string {
  const names = signedHeaders.toSorted();
  const values = headerValues(request.headers);
  let lines = "";
  for (const name of names) lines += `${name}:${values.get(name) ?? ""}\n`;
  return `${request.method}\n${request.rawPath || "/"}\n${canonicalQuery(request.rawQuery)}\n${lines}\n${names.join(";")}\n${payloadHash}`;
}

/** What a signing key is good for: one day (`YYYYMMDD`), one region, one service. */
export interface SigningScope {
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

/** The scope as it is written in a credential and signed. */
export function scopeText({ date, region, service }: SigningScope): string {
  return `${date}/${region}/${service}/aws4_request`;
}

/** Derives the key that signs within `scope`. Four HMACs: keep the result in a SigningKeyCache. */
export function deriveSigningKey(secretKey: string | Secret, scope: SigningScope): KeyObject {
  const secret = secretKey instanceof Secret ? secretKey.reveal() : secretKey;
  const dateKey = hmac(`AWS4${secret}`, scope.date);
  const serviceKey = hmac(hmac(dateKey, scope.region), scope.service);
  return createSecretKey(hmac(serviceKey, "aws4_request"));
}

/** Signing keys that were derived before: bounded, the oldest goes first. */
export class SigningKeyCache {
  readonly #keys = new Map<string, { secret: string; signingKey: KeyObject }>();
  readonly #maxKeys: number;

  constructor(maxKeys = 1024) {
    this.#maxKeys = maxKeys;
  }

  /** The key of `accessKey` within `scope`, unless it is unknown or was derived from another secret. */
  get(accessKey: string, secretKey: string | Secret, scope: SigningScope): KeyObject | undefined {
    const kept = this.#keys.get(`${accessKey} ${scopeText(scope)}`);
    const secret = secretKey instanceof Secret ? secretKey.reveal() : secretKey;
    return kept?.secret === secret ? kept.signingKey : undefined;
  }

  /** Keeps a key. Call it only for scopes that somebody proved to own the secret for, or strangers push the good ones out. */
  keep(
    owner: { accessKey: string; secretKey: string | Secret },
    scope: SigningScope,
    signingKey: KeyObject,
  ): void {
    const name = `${owner.accessKey} ${scopeText(scope)}`;
    const secret = owner.secretKey instanceof Secret ? owner.secretKey.reveal() : owner.secretKey;
    this.#keys.delete(name);
    this.#keys.set(name, { secret, signingKey });
    if (this.#keys.size <= this.#maxKeys) return;
    const [oldest] = this.#keys.keys();
    if (oldest !== undefined) this.#keys.delete(oldest);
  }
}

/** Who signs, and when. */
export interface Signer {
  readonly accessKey: string;
  readonly secretKey: string | Secret;
  readonly sessionToken?: string | Secret;
  readonly region: string;
  readonly now: Date;
  readonly signingKeys?: SigningKeyCache;
}

/**
 * The headers to set (replacing any of the same name) so that the request is signed: `authorization`, `x-amz-date`,
 * `x-amz-content-sha256` and with a session token `x-amz-security-token`. Signs every header of the request that no proxy
 * may change; `host` must be among them. `payloadHash` is a hex SHA-256, `UNSIGNED_PAYLOAD` or a `STREAMING-…` value.
 */
export function signRequest(
  request: SignableRequest,
  signer: Signer & { readonly payloadHash: string },
): Record<string, string> {
  const timestamp = toTimestamp(signer.now);
  const scope = { date: timestamp.slice(0, 8), region: signer.region, service: "s3" };
  const added: Record<string, string> = {
    "x-amz-date": timestamp,
    "x-amz-content-sha256": signer.payloadHash,
    ...(signer.sessionToken === undefined
      ? {}
      : { "x-amz-security-token": reveal(signer.sessionToken) }),
  };
  const headers = [
    ...request.headers.filter(([name]) => !Object.hasOwn(added, name.toLowerCase())),
    ...Object.entries(added),
  ];
  const signedHeaders = signableNames(headers);
  const canonical = canonicalRequest({ ...request, headers }, signedHeaders, signer.payloadHash);
  const signature = sign(signingKeyOf(signer, scope), stringToSign(timestamp, scope, canonical));
  added.authorization = `${ALGORITHM} Credential=${signer.accessKey}/${scopeText(scope)}, SignedHeaders=${signedHeaders.join(";")}, Signature=${signature}`;
  return added;
}

/** The raw query (with the request's own parameters) that presigns the request for `expiresSeconds`, at most 604800. Signs the headers given. */
export function presign(
  request: SignableRequest,
  signer: Signer & { readonly payloadHash?: string; readonly expiresSeconds: number },
): string {
  const timestamp = toTimestamp(signer.now);
  const scope = { date: timestamp.slice(0, 8), region: signer.region, service: "s3" };
  const signedHeaders = signableNames(request.headers);
  const payloadHash = signer.payloadHash ?? UNSIGNED_PAYLOAD;
  let rawQuery = `${request.rawQuery}${request.rawQuery === "" ? "" : "&"}X-Amz-Algorithm=${ALGORITHM}`;
  rawQuery += `&X-Amz-Credential=${encodeComponent(`${signer.accessKey}/${scopeText(scope)}`)}`;
  rawQuery += `&X-Amz-Date=${timestamp}&X-Amz-Expires=${signer.expiresSeconds}`;
  rawQuery += `&X-Amz-SignedHeaders=${encodeComponent(signedHeaders.join(";"))}`;
  if (signer.sessionToken !== undefined) {
    rawQuery += `&X-Amz-Security-Token=${encodeComponent(reveal(signer.sessionToken))}`;
  }
  if (signer.payloadHash !== undefined) rawQuery += `&X-Amz-Content-Sha256=${payloadHash}`;
  const canonical = canonicalRequest({ ...request, rawQuery }, signedHeaders, payloadHash);
  const signature = sign(signingKeyOf(signer, scope), stringToSign(timestamp, scope, canonical));
  return `${rawQuery}&X-Amz-Signature=${signature}`;
}

/** What is signed for a whole request. */
export function stringToSign(timestamp: string, scope: SigningScope, canonical: string): string {
  // latin-1: the characters of a canonical request are the bytes of the wire.
  return `${ALGORITHM}\n${timestamp}\n${scopeText(scope)}\n${hash("sha256", Buffer.from(canonical, "latin1"))}`;
}

/** The signature of `text`, in hex. */
export function sign(signingKey: KeyObject, text: string): string {
  return createHmac("sha256", signingKey).update(text).digest("hex");
}

/** A moment as SigV4 writes it: `20130524T000000Z`. */
export function toTimestamp(moment: Date): string {
  return `${moment.toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
}

// Hop-by-hop headers, and those that clients and proxies on the way are known to change.
const UNSIGNED_HEADERS: ReadonlySet<string> = new Set([
  "accept-encoding",
  "authorization",
  "connection",
  "expect",
  "keep-alive",
  "te",
  "traceparent",
  "tracestate",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "user-agent",
  "x-amzn-trace-id",
]);

function signableNames(headers: SignableRequest["headers"]): string[] {
  const names = new Set<string>();
  for (const [name] of headers) {
    const lowerName = name.toLowerCase();
    if (!UNSIGNED_HEADERS.has(lowerName)) names.add(lowerName);
  }
  if (!names.has("host")) throw new Fault("internal.bug", "request to sign has no host header");
  return [...names].sort();
}

function signingKeyOf(signer: Signer, scope: SigningScope): KeyObject {
  const known = signer.signingKeys?.get(signer.accessKey, signer.secretKey, scope);
  if (known) return known;
  const signingKey = deriveSigningKey(signer.secretKey, scope);
  signer.signingKeys?.keep(signer, scope, signingKey);
  return signingKey;
}

function headerValues(headers: SignableRequest["headers"]): Map<string, string> {
  const values = new Map<string, string>();
  for (const [name, value] of headers) {
    const lowerName = name.toLowerCase();
    const earlier = values.get(lowerName);
    const trimmed = collapseSpaces(value);
    values.set(lowerName, earlier === undefined ? trimmed : `${earlier},${trimmed}`);
  }
  return values;
}

function collapseSpaces(value: string): string {
  const trimmed = trimSpaces(value);
  return trimmed.includes("  ") ? trimmed.replace(/ {2,}/g, " ") : trimmed;
}

/**
 * Without spaces and tabs at both ends. Not `trim()`: that eats the byte A0, with which characters such as "à" end in UTF-8. Not a
 * regular expression: those take quadratic time for long runs of spaces.
 */
export function trimSpaces(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isSpace(value.charCodeAt(start))) start++;
  while (end > start && isSpace(value.charCodeAt(end - 1))) end--;
  return value.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function canonicalQuery(rawQuery: string): string {
  if (rawQuery === "") return "";
  const parameters: [name: string, value: string][] = [];
  for (const part of rawQuery.split("&")) {
    if (part === "") continue;
    const nameEnd = part.indexOf("=");
    const name = recodeQueryPart(nameEnd < 0 ? part : part.slice(0, nameEnd));
    if (name === "X-Amz-Signature") continue;
    parameters.push([name, nameEnd < 0 ? "" : recodeQueryPart(part.slice(nameEnd + 1))]);
  }
  // Names first: joined strings would sort "a-b" before "a", because "-" precedes "=".
  parameters.sort(([a, aValue], [b, bValue]) => compare(a, b) || compare(aValue, bValue));
  return parameters.map(([name, value]) => `${name}=${value}`).join("&");
}

function recodeQueryPart(part: string): string {
  return recodeComponent(part.includes("+") ? part.replaceAll("+", "%20") : part);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function reveal(value: string | Secret): string {
  return value instanceof Secret ? value.reveal() : value;
}
