/** The mailbox of crypto: which transfer and which question goes to which handler. */

import type { Backend } from "@s3eg/shared/backend/backend.ts";
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import { describeObjects, openObject, sealObject } from "@s3eg/shared/contracts/crypto.ts";
import {
  abortUpload,
  completeUpload,
  createUpload,
  listParts,
  sealPart,
} from "@s3eg/shared/contracts/multipart.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import type { TransferServer } from "@s3eg/shared/http/transfer.ts";
import type { AnswerGuard } from "@s3eg/shared/trust/answerer.ts";
import { guardedAnswer } from "@s3eg/shared/trust/guarded-answer.ts";
import type { DataKeys } from "./data-keys.ts";
import { describeObjectsAnswerer } from "./describe-objects.ts";
import { abortUploadAnswerer } from "./multipart/abort-upload.ts";
import { completeUploadAnswerer } from "./multipart/complete-upload.ts";
import { createUploadAnswerer } from "./multipart/create-upload.ts";
import { listPartsAnswerer } from "./multipart/list-parts.ts";
import { sealPartAnswerer } from "./multipart/seal-part.ts";
import type { UploadRooms } from "./multipart/uploads.ts";
import type { MultipartState } from "./multipart-state/multipart-state.ts";
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
  rooms: { dataKeys: DataKeys; backend: Backend; state: MultipartState | undefined },
): void {
  transfers.serveUpload(sealObject, sealObjectAnswerer(rooms));
  transfers.serveDownload(openObject, openObjectAnswerer(rooms));
  if (rooms.state) openUploadInbox(transfers, { ...rooms, state: rooms.state, now: Date.now });
  else closeUploadInbox(transfers);
  bus.serve(describeObjects, guardedAnswer(describeObjects, guard, describeObjectsAnswerer(rooms)));
}

function openUploadInbox(transfers: TransferServer, rooms: UploadRooms): void {
  transfers.serveUpload(createUpload, createUploadAnswerer(rooms));
  transfers.serveUpload(sealPart, sealPartAnswerer(rooms));
  transfers.serveUpload(completeUpload, completeUploadAnswerer(rooms));
  transfers.serveUpload(abortUpload, abortUploadAnswerer(rooms));
  transfers.serveDownload(listParts, listPartsAnswerer(rooms));
}

/** Where no state is kept, uploads are refused: never taken without it (ARCHITECTURE.md, "Embedded state"). */
function closeUploadInbox(transfers: TransferServer): void {
  const refuse = () => {
    throw new Fault("state.unavailable", "no state store for multipart uploads is configured");
  };
  transfers.serveUpload(createUpload, async () => refuse());
  transfers.serveUpload(sealPart, async () => refuse());
  transfers.serveUpload(completeUpload, async () => refuse());
  transfers.serveUpload(abortUpload, async () => refuse());
  transfers.serveDownload(listParts, async () => refuse());
}
