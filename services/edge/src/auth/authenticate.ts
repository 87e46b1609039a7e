/** Who signed a request: the verdict falls on the head alone, before a byte of the body is asked for. */
import type { SigningKeyCache } from "@s3eg/shared/s3/sigv4.ts";
import { type VerifiedSignature, verifySignature } from "@s3eg/shared/s3/sigv4-verify.ts";
import type { Incoming } from "../incoming.ts";
import { s3Error } from "../s3/errors.ts";
import type { Credentials, Principal } from "./credentials.ts";

/** A verified caller and how the body was promised. */
export interface Authenticated {
  readonly principal: Principal;
  readonly signature: VerifiedSignature;
}

/** What authentication needs to know. */
export interface Authentication {
  readonly credentials: Credentials;
  readonly clockSkewMs: number;
  readonly signingKeys: SigningKeyCache;
  now(): Date;
}

/** Verifies the signature; throws the `auth.*` faults, or `AccessDenied` for an anonymous request. */
export function authenticate(incoming: Incoming, authentication: Authentication): Authenticated {
  const { credentials, clockSkewMs, signingKeys } = authentication;
  const signature = verifySignature(incoming.signable, {
    findSecret: (accessKey) => credentials.find(accessKey)?.secretKey,
    now: authentication.now(),
    clockSkewMs,
    signingKeys,
  });
  const principal = signature && credentials.find(signature.accessKey);
  if (!signature || !principal) throw s3Error("AccessDenied");
  return { principal, signature };
}
