/** edge, the front door: S3 HTTP for clients. Stateless; plaintext passes through, no key ever does. */
import { once } from "node:events";
import { warnOfUnsealed } from "./auth/loud-policies.ts";
import type { EdgeParts } from "./edge-parts.ts";
import { requestRecorders } from "./finished-request.ts";
import { openFrontDoor } from "./front-door.ts";
import { measurePort } from "./port-metrics.ts";
import { portSettings } from "./port-settings.ts";
import { s3Server } from "./server.ts";
import { stopServer } from "./stop-server.ts";

/** Starts edge and listens. Resolves with the port it listens on; disposing stops taking requests and waits for those under way. */
export async function startEdge(parts: EdgeParts): Promise<{ port: number } & AsyncDisposable> {
  const { config, log, metrics, health } = parts;
  warnOfUnsealed(parts.policies, log);
  const settings = portSettings(config);
  const server = s3Server(await openFrontDoor(parts), settings, {
    probes: { health, metrics: parts.hasOwnMetricsPort ? undefined : metrics },
    ...requestRecorders(parts),
  });
  measurePort(server, { metrics, certificate: settings.tls?.cert });
  server.listen(parts.listen.port, parts.listen.host);
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : parts.listen.port;
  return { port, [Symbol.asyncDispose]: () => stopServer(server, parts.graceMs) };
}
