/** What can be exchanged while a process runs: read whole and checked whole, at the start and whenever it may have changed. */
import { Problems } from "@s3eg/shared/runtime/problems.ts";
import {
  readServerCertificate,
  type ServerCertificate,
} from "@s3eg/shared/runtime/server-certificate.ts";
import { type Entrance, openEntrance } from "./entrance.ts";
import type { Env, GatewayConfig } from "./gateway-config.ts";
import type { Role } from "./roles.ts";

/** Clients, policies and certificates. Absent: what the roles of the process have no use for. */
export interface Rules {
  readonly config: GatewayConfig;
  readonly entrance: Entrance | undefined;
  /** Of the S3 port. */
  readonly certificate: ServerCertificate | undefined;
  /** Of the admin API. */
  readonly adminCertificate: ServerCertificate | undefined;
}

/** Reads what settings, files and variables say; `config.invalid` with every problem. */
export function readRules(
  config: GatewayConfig,
  { roles, env }: { readonly roles: ReadonlySet<Role>; readonly env: Env },
): Rules {
  const problems = new Problems();
  const { tls, admin } = config;
  const speaksS3 = roles.has("edge") || roles.has("crypto");
  const hasTls = roles.has("edge") && tls.enabled;
  const hasAdminTls = roles.has("admin") && admin.enabled && admin.tls.enabled;
  const rules = {
    config,
    entrance: speaksS3 ? problems.from(() => openEntrance(config, roles, env)) : undefined,
    certificate: hasTls ? problems.from(() => readServerCertificate(tls, "tls")) : undefined,
    adminCertificate: hasAdminTls
      ? problems.from(() => readServerCertificate(admin.tls, "admin.tls"))
      : undefined,
  };
  problems.refuse();
  return rules;
}
