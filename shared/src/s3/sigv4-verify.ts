/** Verifies the SigV4 signature of a request, in the Authorization header or presigned in the query. */
import { type KeyObject, timingSafeEqual } from "node:crypto";
import { Fault } from "../faults.ts";
import { Secret } from "../runtime/secret.ts";
import { recodePath } from "./names.ts";
import {
  canonicalRequest,
  deriveSigningKey,
  type SignableRequest,
  type SigningKeyCache,
  scopeText,
  sign,
  stringToSign,
  UNSIGNED_PAYLOAD,
} from "./sigv4.ts";
import {
  malformedCode,
  parseTimestamp,
  readClaim,
  type SignatureClaim,
  valuesOf,
} from "./sigv4-claim.ts";

/** How the body is bound to the signature. */
export type PayloadMode =
  /** The whole body must have this SHA-256 (lower-case hex): the caller checks it. */
  | { readonly kind: "hash"; readonly sha256: string }
  | { readonly kind: "unsigned" }
  /** The body is framed as aws-chunked: see `decodeAwsChunked`. */
  | { readonly kind: "chunked"; readonly isSigned: boolean; readonly hasTrailer: boolean };

/** What the signatures of chunks and trailers start from. */
export interface ChunkSigning {
  readonly signingKey: KeyObject;
  /** `20130524/us-east-1/s3/aws4_request` */
  readonly scope: string;
  /** `20130524T000000Z` */
  readonly timestamp: string;
  /** The request's own signature, in hex. */
  readonly seedSignature: string;
}

/** A signature that is right. */
export interface VerifiedSignature {
  readonly accessKey: string;
  readonly form: "header" | "presigned";
  readonly payload: PayloadMode;
  /** The region the client signed for; callers may insist on one. */
  readonly region: string;
  /** Present when `payload` is chunked and signed. */
  readonly chunkSigning?: ChunkSigning;
}

/** What verification needs to know. */
export interface VerifyOptions {
  findSecret(accessKey: string): Secret | undefined;
  readonly now: Date;
  /** How far the client's clock may be off, either way. A presigned request gets it before its time only, not after its expiry. */
  readonly clockSkewMs: number;
  readonly signingKeys?: SigningKeyCache;
}

/**
 * Verifies the signature; `undefined` when the request carries no authentication at all (anonymous: the caller decides). Throws an
 * `auth.*` fault for everything else that is not a right signature. The body is not looked at: `payload` says what is left to check.
 */
export function verifySignature(
  request: SignableRequest,
  options: VerifyOptions,
): VerifiedSignature | undefined {
  const claim = readClaim(request);
  if (!claim) return undefined;
  const payload = payloadModeOf(claim);
  checkTime(claim, options);
  checkSignedHeaders(request, claim);
  const signingKey = verify(request, claim, options);
  const verified = {
    accessKey: claim.accessKey,
    form: claim.form,
    payload,
    region: claim.scope.region,
  };
  if (payload.kind !== "chunked" || !payload.isSigned) return verified;
  const scope = scopeText(claim.scope);
  const { timestamp, signature: seedSignature } = claim;
  return { ...verified, chunkSigning: { signingKey, scope, timestamp, seedSignature } };
}

/** How the body of a request is bound that is signed in a way that knows no chunks, or not at all. Throws `auth.unsupported` for signed chunks. */
export function payloadWithoutSignedChunks(request: SignableRequest): PayloadMode {
  const [payloadHash = UNSIGNED_PAYLOAD] = valuesOf(request, "x-amz-content-sha256");
  const payload = payloadModeOf({ payloadHash: payloadHash.trim(), form: "header" });
  if (payload.kind === "chunked" && payload.isSigned) {
    throw new Fault("auth.unsupported", "signed chunks need signature version 4");
  }
  return payload;
}

function payloadModeOf(claim: Pick<SignatureClaim, "payloadHash" | "form">): PayloadMode {
  const { payloadHash } = claim;
  if (/^[0-9a-f]{64}$/i.test(payloadHash))
    return { kind: "hash", sha256: payloadHash.toLowerCase() };
  const mode = PAYLOAD_MODES.get(payloadHash);
  if (mode) return mode;
  if (payloadHash.startsWith("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD")) {
    throw new Fault("auth.unsupported", "chunks signed with ECDSA are not supported");
  }
  throw new Fault(malformedCode(claim.form), "x-amz-content-sha256 has no valid value", {
    details: { header: "x-amz-content-sha256" },
  });
}

const PAYLOAD_MODES: ReadonlyMap<string, PayloadMode> = new Map<string, PayloadMode>([
  ["UNSIGNED-PAYLOAD", { kind: "unsigned" }],
  ["STREAMING-AWS4-HMAC-SHA256-PAYLOAD", { kind: "chunked", isSigned: true, hasTrailer: false }],
  [
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    { kind: "chunked", isSigned: true, hasTrailer: true },
  ],
  ["STREAMING-UNSIGNED-PAYLOAD-TRAILER", { kind: "chunked", isSigned: false, hasTrailer: true }],
]);

function checkTime(claim: SignatureClaim, { now, clockSkewMs }: VerifyOptions): void {
  if (claim.scope.date !== claim.timestamp.slice(0, 8)) {
    throw new Fault(malformedCode(claim.form), "date of the credential is not that of the request");
  }
  const aheadMs = (parseTimestamp(claim.timestamp) ?? Number.NaN) - now.getTime();
  if (claim.expiresSeconds === undefined) {
    if (Math.abs(aheadMs) <= clockSkewMs) return;
    throw new Fault("auth.skewed-clock", "request time is too far from the time here", {
      details: { requestTime: claim.timestamp, serverTime: now.toISOString() },
    });
  }
  if (aheadMs > clockSkewMs) throw new Fault("auth.denied", "request is not yet valid");
  if (-aheadMs > claim.expiresSeconds * 1000) {
    throw new Fault("auth.expired", "request has expired", {
      details: { expiresSeconds: claim.expiresSeconds, serverTime: now.toISOString() },
    });
  }
}

/**
 * Every x-amz-* header must be signed, as on S3, in a presigned request too: else who holds a URL to PUT an object could add
 * x-amz-copy-source and read what the signer may read.
 */
function checkSignedHeaders(request: SignableRequest, claim: SignatureClaim): void {
  const present = new Set<string>();
  for (const [name] of request.headers) present.add(name.toLowerCase());
  for (const name of present) {
    if (!name.startsWith("x-amz-") || claim.signedHeaders.includes(name)) continue;
    if (name === "x-amz-content-sha256" && claim.form === "presigned") continue; // signed as payload hash
    if (name === "x-amz-cf-id") continue; // added on the way by CloudFront
    throw new Fault("auth.denied", "request has headers that are not signed", {
      details: { headersNotSigned: name },
    });
  }
  const missing = claim.signedHeaders.find((name) => !present.has(name));
  if (missing !== undefined) {
    throw new Fault("auth.signature-mismatch", "a signed header is missing from the request", {
      details: { header: missing },
    });
  }
}

// Stands in for the secret of a key nobody knows, so that both kinds of refusal do the same work.
const NOBODYS_SECRET = new Secret("not the secret of any access key");

function verify(
  request: SignableRequest,
  claim: SignatureClaim,
  options: VerifyOptions,
): KeyObject {
  const { accessKey, scope } = claim;
  const secret = options.findSecret(accessKey);
  const secretKey = secret ?? NOBODYS_SECRET;
  const cachedKey = options.signingKeys?.get(accessKey, secretKey, scope);
  const signingKey = cachedKey ?? deriveSigningKey(secretKey, scope);
  const isRight = isSignatureOf(request, claim, signingKey);
  if (!secret) throw new Fault("auth.unknown-key", "access key is not known here");
  if (!isRight) throw new Fault("auth.signature-mismatch", "signature does not match");
  if (!cachedKey) options.signingKeys?.keep({ accessKey, secretKey }, scope, signingKey);
  return signingKey;
}

function isSignatureOf(
  request: SignableRequest,
  claim: SignatureClaim,
  signingKey: KeyObject,
): boolean {
  if (isSignatureOfPath(request, claim, signingKey)) return true;
  // S3 servers sign the path they would have written, so a client may send `(` and sign `%28`. Both name the same key.
  const rawPath = recodePath(request.rawPath);
  return (
    rawPath !== request.rawPath && isSignatureOfPath({ ...request, rawPath }, claim, signingKey)
  );
}

function isSignatureOfPath(
  request: SignableRequest,
  claim: SignatureClaim,
  signingKey: KeyObject,
): boolean {
  const canonical = canonicalRequest(request, claim.signedHeaders, claim.payloadHash);
  const expected = sign(signingKey, stringToSign(claim.timestamp, claim.scope, canonical));
  return isSameSignature(expected, claim.signature);
}

/** Compares signatures in hex, in a time that does not depend on where they differ. */
export function isSameSignature(expected: string, given: string): boolean {
  return (
    given.length === expected.length &&
    timingSafeEqual(Buffer.from(expected, "latin1"), Buffer.from(given, "latin1"))
  );
}
