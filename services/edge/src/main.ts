/** edge, the front door: S3 HTTP for clients. Stateless; plaintext passes through, no key ever does. */
import { warnOfUnsealed } from "./auth/loud-policies.ts";
import type { EdgeParts, EdgeRules } from "./edge-parts.ts";
import { exchangeCertificate } from "./exchanged-certificate.ts";
import { requestRecorders } from "./finished-request.ts";
import { changedDoor, openFrontDoor } from "./front-door.ts";
import { showPolicies } from "./policy-metrics.ts";
import { measurePort } from "./port-metrics.ts";
import { openPort } from "./port-queues.ts";
import { portSettings } from "./port-settings.ts";
import { s3Server } from "./server.ts";
import { stopServer } from "./stop-server.ts";

/** An edge that listens. Disposing stops taking requests and waits for those under way. */
export interface RunningEdge extends AsyncDisposable {
  readonly port: number;
  /** Requests that come from now on are treated by these rules; those under way end as they began. Never fails. */
  adopt(rules: EdgeRules): void;
}

/** Starts edge; resolves when it listens. */
export async function startEdge(parts: EdgeParts): Promise<RunningEdge> {
  const { log, metrics, health } = parts;
  warnOfUnsealed(parts.policies, log);
  showPolicies(parts.policies, metrics);
  const settings = portSettings(parts);
  let door = await openFrontDoor(parts);
  let rules: EdgeRules = parts;
  const server = s3Server(() => door, settings, {
    probes: { health, metrics: parts.hasOwnMetricsPort ? undefined : metrics },
    ...requestRecorders(parts),
  });
  measurePort(server, { metrics, certificate: settings.certificate?.cert });
  const { port, beside } = await openPort(server, parts.listen);
  return {
    port,
    adopt(after) {
      const before = door.policies.rules;
      door = changedDoor(door, { ...parts, before: rules, after });
      warnOfUnsealed(door.policies, log, before);
      exchangeCertificate(server, { before: rules, after, metrics, ...settings });
      showPolicies(after.policies, metrics);
      rules = after;
    },
    [Symbol.asyncDispose]: () => stopServer(server, { graceMs: parts.graceMs, beside }),
  };
}
