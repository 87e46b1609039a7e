/** The mailbox of crypto: which transfer goes to which handler. */

import type { Backend } from "@s3eg/shared/backend/backend.ts";
import { openObject, sealObject } from "@s3eg/shared/contracts/crypto.ts";
import type { TransferServer } from "@s3eg/shared/http/transfer.ts";
import type { DataKeys } from "./data-keys.ts";
import { openObjectAnswerer } from "./open-object.ts";
import { sealObjectAnswerer } from "./seal-object.ts";

/** Answers every message that is crypto's to answer. */
export function openInbox(
  transfers: TransferServer,
  rooms: { dataKeys: DataKeys; backend: Backend },
): void {
  transfers.serveUpload(sealObject, sealObjectAnswerer(rooms));
  transfers.serveDownload(openObject, openObjectAnswerer(rooms));
}
