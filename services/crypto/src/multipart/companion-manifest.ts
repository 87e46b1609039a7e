/**
 * The region of an upload that has no room for it inside, as an object of its own beside the object (format.md §7, "Companion
 * manifest"). It is written before the Complete, and only where there is none: of two Completes with different lists of parts at
 * once, the one that came second must not replace the manifest of the other's object.
 */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { companionKeyOf } from "@s3eg/shared/format/companion.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { collectBody } from "@s3eg/shared/http/body.ts";
import type { UploadRecord } from "../multipart-state/multipart-state.ts";
import { customerKeyOf, refusal, type UploadRooms } from "./uploads.ts";

type Backed = Pick<UploadRooms, "backend">;
/** Whose companion is meant. */
type Owner = Pick<UploadRecord, "bucket" | "key" | "identity" | "header" | "policy">;

/** Stores the region, or finds it stored already. `OperationAborted` while another list of the same upload is being completed. */
export async function storeCompanion(
  { backend }: Backed,
  owner: Owner,
  { region, requestId }: { region: Buffer; requestId: string },
): Promise<void> {
  const stored = await backend.send({
    method: "PUT",
    ...placeOf(owner),
    headers: {
      ...customerKeyOf(owner.policy),
      "content-type": "application/octet-stream",
      "if-none-match": "*",
    },
    body: region,
    requestId,
  });
  if (stored.status === 200) {
    await stored.text();
    return;
  }
  if (stored.status !== 412 && stored.status !== 409) throw await backendFault(stored);
  await stored.text();
  const headers = customerKeyOf(owner.policy);
  if (!(await isStored({ backend }, { owner, headers, requestId }, region))) throw inProgress();
}

/** Drops the companion of an upload that made no object. One that is not there is no fault. */
export async function dropCompanion(
  { backend }: Backed,
  owner: Owner,
  requestId: string,
): Promise<void> {
  const response = await backend.send({ method: "DELETE", ...placeOf(owner), requestId });
  if (response.status >= 300 && response.status !== 404) throw await backendFault(response);
  await response.text();
}

/** True if the object at the place of the upload is the upload's. */
export async function hasMadeObject(
  { backend }: Backed,
  { bucket, key, identity, header, policy }: Owner,
  requestId: string,
): Promise<boolean> {
  const headers = customerKeyOf(policy);
  const response = await backend.send({
    method: "HEAD",
    bucket,
    key,
    identity,
    headers,
    requestId,
  });
  if (response.status !== 200 && response.status !== 404) throw await backendFault(response);
  await response.text();
  return response.headers[HEADER_FIELD] === header;
}

async function isStored(
  { backend }: Backed,
  { owner, headers, requestId }: { owner: Owner; headers: HeaderFields; requestId: string },
  region: Buffer,
): Promise<boolean> {
  const response = await backend.send({ method: "GET", ...placeOf(owner), headers, requestId });
  if (response.status !== 200) {
    await response.text();
    return false;
  }
  const bytes = await collectBody(response.body, region.byteLength, inProgress);
  return bytes.equals(region);
}

function placeOf({ bucket, key, identity, header }: Owner) {
  return { bucket, key: companionKeyOf(key, header), identity };
}

function inProgress(): Error {
  return refusal(
    409,
    "OperationAborted",
    "A conflicting conditional operation is currently in progress against this resource. Please try again.",
  );
}
