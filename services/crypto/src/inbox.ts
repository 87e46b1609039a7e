/** The mailbox of crypto: which transfer and which question goes to which handler. */

import type { Backend } from "@s3eg/shared/backend/backend.ts";
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import { describeObjects, openObject, sealObject } from "@s3eg/shared/contracts/crypto.ts";
import type { TransferServer } from "@s3eg/shared/http/transfer.ts";
import type { AnswerGuard } from "@s3eg/shared/trust/answerer.ts";
import { guardedAnswer } from "@s3eg/shared/trust/guarded-answer.ts";
import type { DataKeys } from "./data-keys.ts";
import { describeObjectsAnswerer } from "./describe-objects.ts";
import { openObjectAnswerer } from "./open-object.ts";
import { sealObjectAnswerer } from "./seal-object.ts";

/** Where messages come in. */
export interface Doors {
  readonly transfers: TransferServer;
  readonly bus: Bus;
  /** Who may ask from another process: whoever holds SERVICE_SECRET. Absent: nobody. */
  readonly guard: AnswerGuard | undefined;
}

/** Answers every message that is crypto's to answer. */
export function openInbox(
  { transfers, bus, guard }: Doors,
  rooms: { dataKeys: DataKeys; backend: Backend },
): void {
  transfers.serveUpload(sealObject, sealObjectAnswerer(rooms));
  transfers.serveDownload(openObject, openObjectAnswerer(rooms));
  bus.serve(describeObjects, guardedAnswer(describeObjects, guard, describeObjectsAnswerer(rooms)));
}
