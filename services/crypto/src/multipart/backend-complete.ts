/** Complete as the backend is asked for it: the part with the region, then the list of all parts. */
import type { BackendResponse, HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import type { completeUpload } from "@s3eg/shared/contracts/multipart.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { el, parseXml, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import type { z } from "zod";
import type { UploadRecord } from "../multipart-state/multipart-state.ts";
import { visibleHeaders } from "../plain-or-sealed.ts";
import { customerKeyOf, refusal, type UploadRooms, uploadRequest } from "./uploads.ts";

/** A part as the backend has it. */
export interface BackendPart {
  readonly partNumber: number;
  readonly etag: string;
}

/** The Complete that is under way. */
export interface Completing {
  readonly head: z.infer<typeof completeUpload.head>;
  readonly upload: UploadRecord;
  readonly requestId: string;
}

/** Stores bytes as a part of the upload. Throws what the backend refuses with. */
export async function storePart(
  { backend }: Pick<UploadRooms, "backend">,
  { head, upload, requestId }: Completing,
  { partNumber, bytes }: { partNumber: number; bytes: Buffer },
): Promise<BackendPart> {
  const response = await backend.send({
    method: "PUT",
    ...uploadRequest(head, [["partNumber", String(partNumber)]]),
    headers: customerKeyOf(upload.policy),
    body: bytes,
    requestId,
  });
  if (response.status !== 200) throw await backendFault(response);
  await response.text();
  return { partNumber, etag: response.headers.etag ?? "" };
}

/**
 * Has the backend make an object of the parts; gives its ETag and the header fields of the answer. A Complete may fail after the
 * backend has answered 200: then the body is an error (S3 API, CompleteMultipartUpload).
 */
export async function completeOnBackend(
  rooms: Pick<UploadRooms, "backend">,
  completing: Completing,
  parts: readonly BackendPart[],
): Promise<{ etag: string; headers: HeaderFields }> {
  const { head, requestId } = completing;
  const nodes = parts.map((part) =>
    el("Part", el("PartNumber", part.partNumber), el("ETag", part.etag)),
  );
  const body = Buffer.from(
    xmlDocument(el("CompleteMultipartUpload", ...nodes), { hasNamespace: true }),
  );
  const response = await rooms.backend.send({
    method: "POST",
    ...uploadRequest(head),
    headers: { "content-type": "application/xml", ...head.headers },
    body,
    requestId,
  });
  if (response.status !== 200) throw await backendFault(response);
  const result = parseXml(await response.text());
  if (result.name === "Error") {
    throw refusal(500, result.textOf("Code") ?? "InternalError", result.textOf("Message") ?? "");
  }
  const etag = result.textOf("ETag") || (await etagOf(rooms, completing));
  return {
    etag: etag.startsWith('"') ? etag : `"${etag}"`,
    headers: visibleHeaders(response.headers),
  };
}

/** Some servers complete without saying the ETag. */
async function etagOf(
  { backend }: Pick<UploadRooms, "backend">,
  { head: { target }, upload, requestId }: Completing,
): Promise<string> {
  const headers = customerKeyOf(upload.policy);
  const response: BackendResponse = await backend.send({
    method: "HEAD",
    ...target,
    headers,
    requestId,
  });
  await response.text();
  const { etag } = response.headers;
  if (!etag) throw new Fault("backend.unavailable", "backend completed an object without an ETag");
  return etag;
}
