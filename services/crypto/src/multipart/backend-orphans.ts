/** Uploads that only the backend knows. Whose they are can't be told: so they are listed for somebody who knows, never ended by a timer. */
import type { Backend } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { parseXml } from "@s3eg/shared/s3/xml.ts";
import type { GarbageRooms } from "./garbage.ts";
import { uploadRequest } from "./uploads.ts";

/** An upload as the backend lists it. */
export interface OrphanUpload {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
  readonly initiatedAtMs: number;
}

const REQUEST_ID = "orphans";

/** Uploads in a bucket that were begun `olderThanMs` ago or earlier, and that the state does not know (S3 API, ListMultipartUploads). */
export async function* orphanUploads(
  rooms: GarbageRooms,
  bucket: string,
  { olderThanMs }: { olderThanMs: number },
): AsyncGenerator<OrphanUpload> {
  for await (const upload of backendUploads(rooms.backend, bucket)) {
    const isOld = upload.initiatedAtMs <= rooms.now() - olderThanMs;
    if (isOld && (await rooms.state.find(upload)) === undefined) yield upload;
  }
}

/** Aborts it; throws what the backend refuses with. One that has ended meanwhile is none. */
export async function abortOrphan(
  { backend }: Pick<GarbageRooms, "backend">,
  { bucket, key, uploadId }: OrphanUpload,
): Promise<void> {
  const response = await backend.send({
    method: "DELETE",
    ...uploadRequest({ target: { bucket, key }, uploadId }),
    requestId: REQUEST_ID,
  });
  if (response.status >= 300 && response.status !== 404) throw await backendFault(response);
  await response.text();
}

async function* backendUploads(backend: Backend, bucket: string): AsyncGenerator<OrphanUpload> {
  let after: readonly (readonly [string, string])[] = [];
  for (;;) {
    const query = [["uploads", ""], ...after] as const;
    const response = await backend.send({ method: "GET", bucket, query, requestId: REQUEST_ID });
    if (response.status !== 200) throw await backendFault(response);
    const page = parseXml(await response.text());
    for (const upload of page.all("Upload")) {
      yield {
        bucket,
        key: upload.textOf("Key") ?? "",
        uploadId: upload.textOf("UploadId") ?? "",
        initiatedAtMs: Date.parse(upload.textOf("Initiated") ?? ""),
      };
    }
    const nextKey = page.textOf("NextKeyMarker") ?? "";
    if (page.textOf("IsTruncated") !== "true" || nextKey === "") return;
    after = [
      ["key-marker", nextKey],
      ["upload-id-marker", page.textOf("NextUploadIdMarker") ?? ""],
    ];
  }
}
