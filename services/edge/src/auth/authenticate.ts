/** Who signed a request: the verdict falls on the head alone, before a byte of the body is asked for. */
import { Fault } from "@s3eg/shared/faults.ts";
import { isSignedV2, verifySignatureV2 } from "@s3eg/shared/s3/sigv2.ts";
import type { SigningKeyCache } from "@s3eg/shared/s3/sigv4.ts";
import { type VerifiedSignature, verifySignature } from "@s3eg/shared/s3/sigv4-verify.ts";
import type { Incoming } from "../incoming.ts";
import { s3Error } from "../s3/errors.ts";
import type { Credentials, Principal } from "./credentials.ts";

/** A verified caller and how the body was promised. */
export interface Authenticated {
  readonly principal: Principal;
  readonly signature: Pick<VerifiedSignature, "payload" | "chunkSigning">;
}

/** What authentication needs to know. */
export interface Authentication {
  readonly credentials: Credentials;
  readonly clockSkewMs: number;
  readonly signingKeys: SigningKeyCache;
  /** True if signature version 2 is accepted. */
  readonly allowsV2?: boolean;
  now(): Date;
}

/** Verifies the signature; `undefined` for a request without any. Throws the `auth.*` faults, `InvalidToken` for a session nobody has. */
export function authenticate(
  incoming: Incoming,
  authentication: Authentication,
): Authenticated | undefined {
  const signature = verified(incoming, authentication);
  if (!signature) return undefined;
  const principal = authentication.credentials.find(signature.accessKey);
  if (!principal) throw s3Error("AccessDenied");
  // The credentials of this gateway are lasting ones: no session was ever given out.
  if (hasSessionToken(incoming)) throw s3Error("InvalidToken");
  return { principal, signature };
}

/** The refusal of signature version 2, as S3 words it where it is not served. */
export function refuseV2Unless(isAllowed: boolean | undefined): void {
  if (isAllowed) return;
  throw new Fault(
    "auth.unsupported",
    "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
  );
}

function verified(
  { signable, hostBucket }: Incoming,
  { credentials, now, clockSkewMs, signingKeys, allowsV2 }: Authentication,
): VerifiedSignature | undefined {
  const options = {
    findSecret: (accessKey: string) => credentials.find(accessKey)?.secretKey,
    now: now(),
    clockSkewMs,
    signingKeys,
  };
  if (!isSignedV2(signable)) return verifySignature(signable, options);
  refuseV2Unless(allowsV2);
  return verifySignatureV2(signable, {
    ...options,
    ...(hostBucket === undefined ? {} : { bucketOfHost: hostBucket }),
  });
}

function hasSessionToken({ headers, query }: Incoming): boolean {
  const inQuery = query.only((name) => name.toLowerCase() === "x-amz-security-token");
  return Boolean(headers["x-amz-security-token"]) || inQuery.some(([, token]) => token !== "");
}
