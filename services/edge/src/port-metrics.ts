/** What edge measures of its port: connections, and how long its certificate is good. */
import { X509Certificate } from "node:crypto";
import type { Server } from "node:http";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";

/** Measures a server that is not listening yet. `certificate`: the chain of its TLS, PEM; absent without TLS. */
export function measurePort(
  server: Server,
  { metrics, certificate }: { metrics: Metrics; certificate: string | undefined },
): void {
  const open = metrics.gauge({
    name: "active_connections",
    help: "Connections of clients to the S3 port.",
  });
  open.set({}, 0);
  const secured = certificate === undefined ? "connection" : "secureConnection";
  server.on(secured, (socket: { once(event: "close", heard: () => void): void }) => {
    open.add({}, 1);
    socket.once("close", () => open.add({}, -1));
  });
  if (certificate !== undefined) measureCertificate(certificate, metrics);
}

/** Says how long a certificate of the port is good, the one that it has now. */
export function measureCertificate(certificate: string, metrics: Metrics): void {
  metrics
    .gauge({
      name: "gateway_tls_cert_expiry_seconds",
      help: "When the certificate of a port ends, in seconds since 1970.",
      labels: ["role"],
    })
    .set({ role: "data_plane" }, new X509Certificate(certificate).validToDate.getTime() / 1000);
}
