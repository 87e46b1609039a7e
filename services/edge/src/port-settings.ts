/** How the S3 port behaves, from the settings of edge. */
import type { EdgeRules } from "./edge-parts.ts";
import type { PortSettings } from "./server.ts";

/** What 0 means for the timeouts of bodies: users know it as "no limit", but a client that stands still must end some time. */
const STANDARD_IDLE_MS = 60_000;

/** The port's settings. */
export function portSettings({
  config: { server, tls },
  certificate,
}: {
  readonly config: Pick<EdgeRules["config"], "server" | "tls">;
  readonly certificate?: EdgeRules["certificate"];
}): PortSettings {
  return {
    readIdleMs: server.read_timeout || STANDARD_IDLE_MS,
    writeIdleMs: server.write_timeout || STANDARD_IDLE_MS,
    keepAliveMs: server.idle_timeout,
    headersMs: server.read_header_timeout,
    maxHeaderBytes: server.max_header_bytes,
    virtualHostDomains: server.virtual_host_domains,
    trustedProxies: server.trusted_proxies,
    isHttps: tls.enabled || server.force_https,
    ...(certificate ? { certificate } : {}),
  };
}
