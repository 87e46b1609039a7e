/** What audit hears: this message → that handler. */
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import { incidentSeen, keyVersionChanged, operationDone } from "@s3eg/shared/contracts/audit.ts";
import type { Ledger } from "./ledger.ts";
import { incidentLine, keyVersionLine, recordLine } from "./record.ts";

/** Writes every operation that ended, every incident and every change of key versions into the ledger. */
export function openInbox(bus: Bus, ledger: Ledger, redactedKeys: readonly string[]): void {
  bus.subscribe(operationDone, (fact) => ledger.add(recordLine(fact, redactedKeys)));
  bus.subscribe(incidentSeen, (fact) => ledger.add(incidentLine(fact, redactedKeys)));
  bus.subscribe(keyVersionChanged, (fact) => ledger.add(keyVersionLine(fact)));
}
