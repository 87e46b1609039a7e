/** Who asks services in other processes: a session under the secret that gives the right to. */
import { KEM } from "@s3eg/shared/sealing/hpke.ts";
import { AskerSession } from "@s3eg/shared/trust/asker.ts";
import type { GatewayConfig } from "../gateway-config.ts";
import type { ServiceSecrets } from "./secrets.ts";

/** Undefined without a secret: then there is no boundary, and so nothing to prove. P-256 under the FIPS profile, else X25519. */
export function sessionOf(
  { encryption }: Pick<GatewayConfig, "encryption">,
  secret: ServiceSecrets["keys"],
): AskerSession | undefined {
  return secret && new AskerSession({ secret, kem: encryption.fips ? KEM.p256 : KEM.x25519 });
}
