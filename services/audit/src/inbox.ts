/** What audit hears and is asked: this message → that handler. */
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import {
  configurationReloaded,
  incidentSeen,
  jobChanged,
  keyVersionChanged,
  operationDone,
  recordAdminAction,
  recordOperation,
} from "@s3eg/shared/contracts/audit.ts";
import type { Ledger } from "./ledger.ts";
import {
  adminActionLine,
  incidentLine,
  jobEventId,
  jobLine,
  keyVersionEventId,
  keyVersionLine,
  recordLine,
  reloadLine,
} from "./record.ts";
import type { SeenEvents } from "./seen-events.ts";

/** Writes every operation that ended, every incident, what operators do, every reload of a configuration and every change of key versions into the ledger; what is told of twice, once. */
export function openInbox(
  bus: Bus,
  rooms: {
    readonly ledger: Ledger;
    readonly seen: SeenEvents;
    readonly redactedKeys: readonly string[];
  },
): void {
  const { ledger, seen, redactedKeys } = rooms;
  bus.serve(recordOperation, async (fact) => {
    await seen.once(fact.requestId, () => ledger.record(recordLine(fact, redactedKeys)));
    return {};
  });
  bus.serve(recordAdminAction, async (fact) => {
    await seen.once(fact.requestId, () => ledger.record(adminActionLine(fact, redactedKeys)));
    return {};
  });
  bus.subscribe(operationDone, (fact) => {
    // Adding never fails; the one it waits for, if any, tells its own asker.
    seen
      .once(fact.requestId, async () => ledger.add(recordLine(fact, redactedKeys)))
      .catch(() => {});
  });
  bus.subscribe(incidentSeen, (fact) => ledger.add(incidentLine(fact, redactedKeys)));
  bus.subscribe(configurationReloaded, (fact) => ledger.add(reloadLine(fact)));
  bus.subscribe(jobChanged, (fact) => {
    seen.once(jobEventId(fact), async () => ledger.add(jobLine(fact))).catch(() => {});
  });
  bus.subscribe(keyVersionChanged, (fact) => {
    seen
      .once(keyVersionEventId(fact), async () => ledger.add(keyVersionLine(fact)))
      .catch(() => {});
  });
}
