/** edge, the front door: S3 HTTP for clients. Stateless; plaintext passes through, no key ever does. */
import { once } from "node:events";
import { SigningKeyCache } from "@s3eg/shared/s3/sigv4.ts";
import { warnOfUnsealed } from "./auth/loud-policies.ts";
import { probeBackend } from "./backend-probe.ts";
import { rateOf } from "./config/traffic.ts";
import type { EdgeParts } from "./edge-parts.ts";
import { MemoryFactsIndex } from "./facts-index.ts";
import { requestRecorders } from "./finished-request.ts";
import { headerReissueOf } from "./header-reissue.ts";
import { answeredOperations } from "./inbox.ts";
import { listingSizesOf } from "./listing-sizes.ts";
import { operationMatcher } from "./match-operation.ts";
import { knownObjectsOf } from "./object-facts.ts";
import { portSettings } from "./port-settings.ts";
import { requestLimits } from "./request-limits.ts";
import { s3Server } from "./server.ts";
import { stopServer } from "./stop-server.ts";

/** Starts edge and listens. Resolves with the port it listens on; disposing stops taking requests and waits for those under way. */
export async function startEdge(parts: EdgeParts): Promise<{ port: number } & AsyncDisposable> {
  const { config, bus, crypto, backend, session, log, metrics, health } = parts;
  const { needsEqualParts = false } = parts;
  const known = knownObjectsOf({ bus, session, index: new MemoryFactsIndex() });
  warnOfUnsealed(parts.policies, log);
  const door = {
    authentication: {
      credentials: parts.credentials,
      clockSkewMs: config.auth.clock_skew_tolerance,
      signingKeys: new SigningKeyCache(),
      allowsV2: config.auth.allow_legacy_signature_v2,
      now: () => new Date(),
    },
    policies: parts.policies,
    match: operationMatcher(
      answeredOperations({ disablesUploads: config.server.disable_multipart_uploads }),
    ),
    proxiedBucket: config.proxied_bucket,
    limits: requestLimits(rateOf(config.rate_limit), metrics),
    rooms: {
      backend,
      crypto,
      headers: headerReissueOf(bus, session),
      sizes: listingSizesOf({ backend, known, needsEqualParts }),
      needsEqualParts,
      known,
      maxPartBytes: config.server.max_part_buffer,
      honoured: parts.probeBucket ? await probeBackend(backend, parts.probeBucket, log) : undefined,
    },
  };
  const server = s3Server(door, portSettings(config), {
    probes: { health, metrics: parts.hasOwnMetricsPort ? undefined : metrics },
    ...requestRecorders(parts),
  });
  server.listen(parts.listen.port, parts.listen.host);
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : parts.listen.port;
  return { port, [Symbol.asyncDispose]: () => stopServer(server, parts.graceMs) };
}
