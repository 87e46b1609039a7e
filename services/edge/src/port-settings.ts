/** How the S3 port behaves, from the settings of edge. */
import type { ServerCertificate } from "@s3eg/shared/runtime/server-certificate.ts";
import { ClientAuthorities } from "./client-authorities.ts";
import type { EdgeRules } from "./edge-parts.ts";

/** How the port behaves. */
export interface PortSettings {
  /** Longest pause of a client while it sends, and while it takes the answer. */
  readonly readIdleMs: number;
  /** Bytes a second that a client must send of a body, over `readIdleMs`; 0: any. */
  readonly minBodyRate: number;
  readonly maxConnections: number;
  readonly writeIdleMs: number;
  readonly keepAliveMs: number;
  readonly headersMs: number;
  readonly maxHeaderBytes: number;
  /** Domains under which the host name names the bucket. */
  readonly virtualHostDomains?: readonly string[];
  /** Proxies that are believed when they say whom they speak for: addresses or CIDR. */
  readonly trustedProxies?: readonly string[];
  /** With TLS: what the port shows first. */
  readonly certificate?: ServerCertificate;
  /** Where clients are asked for certificates: by whom they are believed. */
  readonly authorities?: ClientAuthorities;
  /** What is known to have come by plain HTTP is refused. */
  readonly forcesHttps?: boolean;
  /** Clients are told to come by HTTPS alone. */
  readonly isHttps?: boolean;
}

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
    minBodyRate: server.min_body_rate,
    maxConnections: server.max_connections,
    writeIdleMs: server.write_timeout || STANDARD_IDLE_MS,
    keepAliveMs: server.idle_timeout,
    headersMs: server.read_header_timeout,
    maxHeaderBytes: server.max_header_bytes,
    virtualHostDomains: server.virtual_host_domains,
    trustedProxies: server.trusted_proxies,
    isHttps: tls.enabled || server.force_https,
    forcesHttps: server.force_https,
    ...(certificate ? { certificate } : {}),
    ...(certificate?.clientCa === undefined
      ? {}
      : { authorities: new ClientAuthorities(certificate.clientCa) }),
  };
}
