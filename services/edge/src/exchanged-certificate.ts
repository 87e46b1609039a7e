/** Exchanging the certificate of the S3 port while it listens. */
import type { Server } from "node:http";
import { Server as TlsServer } from "node:https";
import { isDeepStrictEqual } from "node:util";
import { secureOptions } from "@s3eg/shared/runtime/server-certificate.ts";
import type { EdgeParts, EdgeRules } from "./edge-parts.ts";
import { measureCertificate } from "./port-metrics.ts";
import type { PortSettings } from "./port-settings.ts";

/** Connections that come from now on see the new certificate, those that are open go on. A port without TLS stays without. */
export function exchangeCertificate(
  server: Server,
  {
    before,
    after: { certificate },
    metrics,
    authorities,
  }: { before: EdgeRules; after: EdgeRules } & Pick<EdgeParts, "metrics"> &
    Pick<PortSettings, "authorities">,
): void {
  if (!certificate || !(server instanceof TlsServer)) return;
  if (isDeepStrictEqual(before.certificate, certificate)) return;
  server.setSecureContext(secureOptions(certificate));
  if (certificate.clientCa !== undefined) authorities?.exchange(certificate.clientCa);
  measureCertificate(certificate.cert, metrics);
}
