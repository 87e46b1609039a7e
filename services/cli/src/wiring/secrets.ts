/** The secrets with which services trust each other, read once; which of them a process needs follows from its roles. */
import { Fault } from "@s3eg/shared/faults.ts";
import type { NatsSection, ServiceSection } from "@s3eg/shared/runtime/common-config.ts";
import type { Secret } from "@s3eg/shared/runtime/secret.ts";
import { readSecretBytes } from "@s3eg/shared/runtime/secret-source.ts";
import type { Role } from "../roles.ts";

/** 32 bytes each (ARCHITECTURE.md, "Trust between services"). */
export interface ServiceSecrets {
  /** Of all services. */
  readonly service: Secret<Uint8Array>;
  /** Of keys and crypto only. */
  readonly keys: Secret<Uint8Array> | undefined;
}

const SECRET_BYTES = 32;

/** The secrets that the roles of this process need; none without NATS: then there is no boundary, and so nothing to prove. */
export async function secretsOf(
  {
    nats,
    service,
    admin,
  }: { nats: NatsSection; service: ServiceSection; admin: { enabled: boolean } },
  roles: ReadonlySet<Role>,
): Promise<ServiceSecrets | undefined> {
  const needsKeysSecret = roles.has("keys") || roles.has("crypto");
  const asksKeys = roles.has("edge") || (roles.has("admin") && admin.enabled);
  const needsSecrets = needsKeysSecret || asksKeys;
  // Nobody else needs it; who has it nevertheless is believed by admin.
  const isGiven = service.secret !== undefined || service.secret_file !== undefined;
  if (nats.url === undefined || !(needsSecrets || isGiven)) return undefined;
  return await openSecrets(service, { needsKeysSecret });
}

/** Reads the secrets; `config.invalid` where one is missing that the roles need. */
async function openSecrets(
  config: ServiceSection,
  { needsKeysSecret }: { needsKeysSecret: boolean },
): Promise<ServiceSecrets> {
  const serviceName = "service.secret (SERVICE_SECRET)";
  const keysName = "service.keys_secret (KEYS_SECRET)";
  const service = await readSecretBytes(
    { name: serviceName, inline: config.secret, file: config.secret_file },
    SECRET_BYTES,
  );
  if (!service) throw missing(serviceName);
  // What a role has no use for is not read, should it be there.
  if (!needsKeysSecret) return { service, keys: undefined };
  const keys = await readSecretBytes(
    { name: keysName, inline: config.keys_secret, file: config.keys_secret_file },
    SECRET_BYTES,
  );
  if (!keys) throw missing(keysName);
  return { service, keys };
}

function missing(name: string): Fault {
  return new Fault("config.invalid", `${name}: needed where services are separate processes`);
}
