/** AbortMultipartUpload's step in crypto: the backend's parts first, then what is kept here. */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import type { abortUpload } from "@s3eg/shared/contracts/multipart.ts";
import { isFault } from "@s3eg/shared/faults.ts";
import type { UploadAnswerer } from "@s3eg/shared/http/transfer.ts";
import type { z } from "zod";
import type { UploadRecord } from "../multipart-state/multipart-state.ts";
import { dropCompanion, hasMadeObject } from "./companion-manifest.ts";
import {
  isBeside,
  noSuchUpload,
  refOf,
  type UploadAddress,
  type UploadRooms,
  uploadRequest,
} from "./uploads.ts";

type AbortUpload = UploadAnswerer<
  z.infer<typeof abortUpload.head>,
  Record<string, never>,
  z.infer<typeof abortUpload.result>
>;

/** Answers `abort-upload`. An upload that only one side still knows is ended on that side. */
export function abortUploadAnswerer(rooms: UploadRooms): AbortUpload {
  return async ({ head: input, body }, { requestId }) => {
    await body.pump(() => undefined);
    await abortOnBothSides(rooms, input, requestId);
    return {};
  };
}

/** Ends an upload on the backend, then what is kept of it here. Where the backend does not end it, nothing changes. */
export async function abortOnBothSides(
  rooms: UploadRooms,
  input: UploadAddress & { readonly headers: HeaderFields },
  requestId: string,
): Promise<void> {
  const upload = await rooms.state.find(refOf(input)).catch(orUnreadable);
  const { headers } = input;
  const response = await rooms.backend.send({
    method: "DELETE",
    ...uploadRequest(input),
    headers,
    requestId,
  });
  const isGone = response.status === 404;
  if (isGone) await response.text();
  else if (response.status >= 300) throw await backendFault(response);
  else await response.text();
  if (isRecord(upload)) await dropUnused(rooms, upload, requestId);
  if (upload !== undefined) await rooms.state.remove(refOf(input));
  else if (isGone) throw noSuchUpload();
}

function isRecord(upload: UploadRecord | "unreadable" | undefined): upload is UploadRecord {
  return upload !== undefined && upload !== "unreadable";
}

/** A Complete that came to nothing may have left a companion; one that made an object has not. */
async function dropUnused(
  rooms: UploadRooms,
  upload: UploadRecord,
  requestId: string,
): Promise<void> {
  if (isBeside(upload) && !(await hasMadeObject(rooms, upload, requestId))) {
    await dropCompanion(rooms, upload, requestId);
  }
}

/** A record that was tampered with must not keep the backend's parts alive; a state out of reach is asked again. */
function orUnreadable(error: unknown): "unreadable" {
  if (isFault(error, "crypto.integrity")) return "unreadable";
  throw error;
}
