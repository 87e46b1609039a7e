/** The arrows of ARCHITECTURE.md that run over the broker, as data: who may send a subject, and who hears it. Rights on the broker are made from it. */

/** The services that have a user of their own on the broker. */
export const SERVICES = ["edge", "crypto", "keys", "audit", "admin"] as const;
export type Service = (typeof SERVICES)[number];

/** Who asks or announces a subject, and who answers or hears it. */
export interface Traffic {
  readonly from: readonly Service[];
  readonly to: readonly Service[];
}

const CRYPTO_ASKS_KEYS: Traffic = { from: ["crypto"], to: ["keys"] };
const EDGE_ASKS_KEYS: Traffic = { from: ["edge"], to: ["keys"] };
const ADMIN_ASKS_KEYS: Traffic = { from: ["admin"], to: ["keys"] };
const ADMIN_ASKS_CRYPTO: Traffic = { from: ["admin"], to: ["crypto"] };
const ADMIN_ASKS_EDGE: Traffic = { from: ["admin"], to: ["edge"] };
const EDGE_TELLS_AUDIT: Traffic = { from: ["edge"], to: ["audit"] };

/** Every subject of `shared/src/contracts/`, without its prefix. */
export const TRAFFIC: Readonly<Record<string, Traffic>> = {
  "keys.data-key.issue": CRYPTO_ASKS_KEYS,
  "keys.data-key.unwrap": CRYPTO_ASKS_KEYS,
  "keys.data-key.unwrap-many": CRYPTO_ASKS_KEYS,
  "keys.legacy-key.unwrap": CRYPTO_ASKS_KEYS,
  "keys.header.reissue": EDGE_ASKS_KEYS,
  "keys.key-store.check": EDGE_ASKS_KEYS,
  "keys.rotation.start": ADMIN_ASKS_KEYS,
  "keys.rotation.show": ADMIN_ASKS_KEYS,
  "keys.rotation.commit": ADMIN_ASKS_KEYS,
  "keys.rotation.abort": ADMIN_ASKS_KEYS,
  "keys.version.list": ADMIN_ASKS_KEYS,
  "keys.version.retired": { from: ["keys"], to: ["crypto", "edge"] },
  "crypto.object.describe": { from: ["edge"], to: ["crypto"] },
  "crypto.upload.list": ADMIN_ASKS_CRYPTO,
  "crypto.upload.abort": ADMIN_ASKS_CRYPTO,
  "crypto.worker.alive": { from: ["crypto"], to: ["edge"] },
  "edge.job.start": ADMIN_ASKS_EDGE,
  "edge.job.list": ADMIN_ASKS_EDGE,
  "edge.job.steer": ADMIN_ASKS_EDGE,
  "audit.operation.done": EDGE_TELLS_AUDIT,
  "audit.operation.record": EDGE_TELLS_AUDIT,
  "audit.admin-action.record": { from: ["admin"], to: ["audit"] },
  "audit.incident.seen": { from: ["crypto"], to: ["audit"] },
  "audit.key-version.changed": { from: ["keys"], to: ["audit"] },
  "audit.configuration.reloaded": { from: SERVICES, to: ["audit"] },
  "audit.job.changed": { from: ["edge"], to: ["audit"] },
  "admin.process.alive": { from: SERVICES, to: ["admin"] },
  "admin.audit-events.recorded": { from: ["audit"], to: ["admin"] },
  "admin.log-level.set": { from: ["admin"], to: SERVICES },
};
