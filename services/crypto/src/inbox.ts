/** The mailbox of crypto: which transfer and which question goes to which handler. */

import type { Backend } from "@s3eg/shared/backend/backend.ts";
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import type { Upload } from "@s3eg/shared/contracts/contract.ts";
import {
  describeObjects,
  describeParts,
  openObject,
  sealObject,
} from "@s3eg/shared/contracts/crypto.ts";
import { openMetadata, sealMetadata } from "@s3eg/shared/contracts/metadata.ts";
import {
  abortUpload,
  completeUpload,
  createUpload,
  listParts,
  sealPart,
} from "@s3eg/shared/contracts/multipart.ts";
import { abortUploadById, listUploads } from "@s3eg/shared/contracts/upload-control.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import type { TransferServer, UploadAnswerer } from "@s3eg/shared/http/transfer.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import type { AnswerGuard } from "@s3eg/shared/trust/answerer.ts";
import { guardedAnswer } from "@s3eg/shared/trust/guarded-answer.ts";
import type { DataKeys } from "./data-keys.ts";
import { describeObjectsAnswerer } from "./describe-objects.ts";
import { type Incidents, incidentsOf } from "./incidents.ts";
import type { LegacyOptions } from "./legacy/read-legacy.ts";
import { abortUploadAnswerer } from "./multipart/abort-upload.ts";
import { completeUploadAnswerer } from "./multipart/complete-upload.ts";
import { createUploadAnswerer } from "./multipart/create-upload.ts";
import { describePartsAnswerer } from "./multipart/describe-parts.ts";
import { listPartsAnswerer } from "./multipart/list-parts.ts";
import { sealPartAnswerer } from "./multipart/seal-part.ts";
import { abortUploadByIdHandler, listUploadsHandler } from "./multipart/upload-control.ts";
import { uploadMetrics } from "./multipart/upload-metrics.ts";
import type { UploadRooms } from "./multipart/uploads.ts";
import type { MultipartState } from "./multipart-state/multipart-state.ts";
import { openMetadataAnswerer } from "./open-metadata.ts";
import { openObjectAnswerer } from "./open-object.ts";
import { sealMetadataAnswerer } from "./seal-metadata.ts";
import { sealObjectAnswerer } from "./seal-object.ts";
import { sealingMetrics } from "./sealing-metrics.ts";
import {
  type Head,
  watchedDescribing,
  watchedDownload,
  watchedOpening,
  watchedReading,
  watchedUpload,
} from "./watched.ts";

/** Where messages come in. */
export interface Doors {
  readonly transfers: TransferServer;
  readonly bus: Bus;
  /** Who may ask from another process: whoever holds SERVICE_SECRET. Absent: nobody. */
  readonly guard: AnswerGuard | undefined;
}

/** What the answerers use. */
interface Rooms {
  readonly dataKeys: DataKeys;
  readonly backend: Backend;
  readonly state: MultipartState | undefined;
  readonly log: Log;
  readonly metrics: Metrics;
  /** See `UploadRooms`. */
  readonly needsEqualParts?: boolean;
  readonly legacy: LegacyOptions;
}

/** Answers every message that is crypto's to answer. */
export function openInbox({ transfers, bus, guard }: Doors, rooms: Rooms): void {
  const { backend, metrics } = rooms;
  const incidents = incidentsOf(bus, rooms.log, metrics);
  const reading = (watched: Backend) => openObjectAnswerer({ ...rooms, backend: watched });
  const sealing = sealingMetrics(metrics);
  transfers.serveUpload(sealObject, sealing.sealedObject(sealObjectAnswerer(rooms)));
  transfers.serveDownload(
    openObject,
    sealing.opened(watchedReading(openObject.path, reading, { backend, incidents })),
  );
  const parts = describePartsAnswerer(rooms);
  transfers.serveDownload(describeParts, watchedDownload(describeParts.path, parts, incidents));
  const { state } = rooms;
  const uploads = state && {
    ...rooms,
    state,
    measured: uploadMetrics(metrics, sealing),
    now: Date.now,
  };
  if (uploads) openUploadInbox(transfers, uploads, incidents);
  else closeUploadInbox(transfers);
  bus.serve(listUploads, guardedAnswer(listUploads, guard, listUploadsHandler(state)));
  const aborting = abortUploadByIdHandler(uploads, incidents);
  bus.serve(abortUploadById, guardedAnswer(abortUploadById, guard, aborting));
  const describing = describeObjectsAnswerer(rooms);
  const described = watchedDescribing(describeObjects.subject, describing, incidents);
  bus.serve(describeObjects, guardedAnswer(describeObjects, guard, described));
  const opening = watchedOpening(openMetadata.path, openMetadataAnswerer(rooms), incidents);
  transfers.serveDownload(openMetadata, opening);
  transfers.serveUpload(sealMetadata, sealMetadataAnswerer(rooms));
}

function openUploadInbox(
  transfers: TransferServer,
  rooms: UploadRooms,
  incidents: Incidents,
): void {
  const answer = <H extends Head, Tail, Result>(
    contract: Upload<H, Tail, Result>,
    answerer: UploadAnswerer<H, Tail, Result>,
  ) => transfers.serveUpload(contract, watchedUpload(contract.path, answerer, incidents));
  answer(createUpload, createUploadAnswerer(rooms));
  answer(sealPart, sealPartAnswerer(rooms));
  answer(completeUpload, completeUploadAnswerer(rooms));
  answer(abortUpload, abortUploadAnswerer(rooms));
  const list = listPartsAnswerer(rooms);
  transfers.serveDownload(listParts, watchedDownload(listParts.path, list, incidents));
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
