/** What of format 1 is opened, drawn from the settings once for everything that opens objects (docs/format-1.md). */
import type { LegacyOptions } from "../../../crypto/src/legacy/read-legacy.ts";
import type { GatewayConfig } from "../gateway-config.ts";

/** For crypto: besides `legacy.*`, the older switch for objects without associated data, and the FIPS profile. */
export function legacyOptionsOf({
  encryption,
  legacy,
}: Pick<GatewayConfig, "encryption" | "legacy">): LegacyOptions {
  return {
    acceptsForgeable: legacy.accept_forgeable || encryption.allow_unmarked_no_aad_fallback,
    contentTypes: legacy.content_types,
    isFips: encryption.fips,
  };
}
