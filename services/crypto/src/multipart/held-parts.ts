/** Which attempt at a part the backend holds, where several were under way at once: it decided which came last. */
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { parseXml } from "@s3eg/shared/s3/xml.ts";
import { type UploadAddress, type UploadRooms, uploadRequest } from "./uploads.ts";

const LISTED_AT_ONCE = 1000;

/** The backend's ETags of the parts `numbers` (S3 API, ListParts); parts that it has not are not in the map. */
export async function heldEtags(
  { backend }: Pick<UploadRooms, "backend">,
  { head, requestId }: { head: UploadAddress; requestId: string },
  numbers: readonly number[],
): Promise<Map<number, string>> {
  const wanted = new Set(numbers);
  const held = new Map<number, string>();
  const last = Math.max(...numbers);
  let marker = Math.min(...numbers) - 1;
  while (marker < last) {
    const response = await backend.send({
      method: "GET",
      ...uploadRequest(head, [
        ["max-parts", String(LISTED_AT_ONCE)],
        ["part-number-marker", String(marker)],
      ]),
      requestId,
    });
    if (response.status !== 200) throw await backendFault(response);
    const parts = parseXml(await response.text()).all("Part");
    const listed = parts.map((part) => Number(part.textOf("PartNumber")));
    for (const [index, part] of parts.entries()) {
      const number = listed[index] ?? 0;
      if (wanted.has(number)) held.set(number, part.textOf("ETag") ?? "");
    }
    const next = Math.max(marker, ...listed);
    if (next === marker) break;
    marker = next;
  }
  return held;
}
