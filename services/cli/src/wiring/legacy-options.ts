/** What of format 1 is opened, drawn from the settings once for everything that opens objects (docs/format-1.md). */
import { SUITE } from "@s3eg/shared/format/layout.ts";
import type { LegacyOptions } from "../../../crypto/src/legacy/read-legacy.ts";
import type { GatewayConfig } from "../gateway-config.ts";

const ALL = [
  ["AES256-GCM", SUITE.aes256Gcm],
  ["ChaCha20-Poly1305", SUITE.chacha20Poly1305],
] as const;

/** For crypto: besides `legacy.*`, the older switch for objects without associated data, and the FIPS profile. */
export function legacyOptionsOf({
  encryption,
  legacy,
}: Pick<GatewayConfig, "encryption" | "legacy">): LegacyOptions {
  const readable = ALL.filter(([name]) => encryption.supported_algorithms.includes(name)).map(
    ([, suite]) => suite,
  );
  return {
    acceptsForgeable: legacy.accept_forgeable || encryption.allow_unmarked_no_aad_fallback,
    contentTypes: legacy.content_types,
    isFips: encryption.fips,
    ...(readable.length === ALL.length ? {} : { readableSuites: readable }),
  };
}
