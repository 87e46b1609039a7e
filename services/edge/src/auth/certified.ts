/** Callers who sign nothing and are known by the certificate of their connection. */
import { payloadWithoutSignedChunks } from "@s3eg/shared/s3/sigv4-verify.ts";
import type { Incoming } from "../incoming.ts";
import type { Authenticated } from "./authenticate.ts";
import type { Credentials } from "./credentials.ts";
import type { ShownCertificate } from "./shown-certificate.ts";

/** Who shows this certificate; undefined for nobody in particular. For requests without a signature. */
export function certified(
  { headers, signable }: Incoming,
  shown: () => ShownCertificate | undefined,
  credentials: Credentials,
): Authenticated | undefined {
  if (!credentials.knowsCertificates || headers.authorization !== undefined) return undefined;
  // A browser shows the certificate for whatever page has it send something: that is not its owner's word (CSRF).
  if (headers.origin !== undefined || headers["sec-fetch-site"] === "cross-site") return undefined;
  const certificate = shown();
  const principal = certificate && credentials.ofCertificate(certificate);
  if (!principal) return undefined;
  return { principal, signature: { payload: payloadWithoutSignedChunks(signable) } };
}
