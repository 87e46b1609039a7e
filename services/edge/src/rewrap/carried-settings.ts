/** What a copy of an object onto itself must say so that nothing but its header changes: what a backend does not copy by itself. */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { versionQuery } from "@s3eg/shared/backend/version-query.ts";
import type { XmlElement } from "@s3eg/shared/s3/xml.ts";
import { parseBackendXml } from "../backend-xml.ts";
import type { CopySource } from "../copy/copy-source.ts";
import type { Rooms } from "../operations/operation.ts";
import { copiedHeaders } from "../s3/headers.ts";
import type { S3Request } from "../s3-request.ts";

const CARRIED = [
  "x-amz-storage-class",
  "x-amz-website-redirect-location",
  "x-amz-server-side-encryption",
  "x-amz-server-side-encryption-aws-kms-key-id",
  "x-amz-server-side-encryption-bucket-key-enabled",
  "x-amz-object-lock-legal-hold",
];
const LOCK = ["x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date"] as const;

/** Storage classes whose objects must be fetched back before they can be copied. */
const ARCHIVED = new Set(["GLACIER", "DEEP_ARCHIVE"]);
/** Storage classes that are paid for a minimum time: the copy begins it anew, and what is left of the former one is paid too. */
const MINIMUM_TIME = new Set([
  "STANDARD_IA",
  "ONEZONE_IA",
  "GLACIER_IR",
  "GLACIER",
  "DEEP_ARCHIVE",
]);

/** Header fields of the copy: metadata, storage class, encryption of the backend's own, lock. `found`: the HEAD answer; a retention that is over stays out. */
export function carriedHeaders(found: HeaderFields, nowMs: number): HeaderFields {
  const carried: Record<string, string> = { ...copiedHeaders(found) };
  for (const name of CARRIED) {
    const value = found[name];
    if (value !== undefined) carried[name] = value;
  }
  const [mode, until] = LOCK.map((name) => found[name]);
  if (mode !== undefined && until !== undefined && Date.parse(until) > nowMs) {
    carried[LOCK[0]] = mode;
    carried[LOCK[1]] = until;
  }
  return carried;
}

/** Why an object can't be copied as it lies; undefined where it can. */
export function uncopiable(found: HeaderFields): string | undefined {
  const storageClass = found["x-amz-storage-class"] ?? "";
  const isRestored = found["x-amz-restore"]?.includes('ongoing-request="false"') ?? false;
  if (ARCHIVED.has(storageClass) && !isRestored) return `archived (${storageClass}): restore first`;
  const customers = "x-amz-server-side-encryption-customer-algorithm";
  return found[customers] === undefined ? undefined : "under a customer's key";
}

/** The storage class of an object that is paid for a minimum time; undefined for any other. */
export function minimumTimeClass(found: HeaderFields): string | undefined {
  const storageClass = found["x-amz-storage-class"] ?? "";
  return MINIMUM_TIME.has(storageClass) ? storageClass : undefined;
}

/** Answers of backends that have no ACLs, or whose bucket has none (S3 API, GetObjectAcl). */
const NO_ACLS = new Set([400, 404, 405, 501]);

/** Header fields that give the copy its object's grants; none where the owner alone has any. Throws what the backend refuses with. */
export async function grantHeaders(
  request: S3Request,
  { bucket, key, versionId }: Pick<CopySource, "bucket" | "key" | "versionId">,
  { backend }: Pick<Rooms, "backend">,
): Promise<HeaderFields> {
  const response = await backend.send({
    method: "GET",
    bucket,
    key,
    query: [["acl", ""], ...versionQuery(versionId)],
    requestId: request.id,
    signal: request.signal,
  });
  if (NO_ACLS.has(response.status)) {
    await response.text();
    return {};
  }
  if (response.status !== 200) throw await backendFault(response);
  return grantsOf(parseBackendXml(await response.text()));
}

function grantsOf(acl: XmlElement): HeaderFields {
  const owner = acl.child("Owner")?.textOf("ID");
  const grants = acl.child("AccessControlList")?.all("Grant") ?? [];
  const given = grants.map((grant) => ({
    permission: (grant.textOf("Permission") ?? "").toLowerCase().replace("_", "-"),
    id: grant.child("Grantee")?.textOf("ID"),
    uri: grant.child("Grantee")?.textOf("URI"),
  }));
  const isOwners = given.every(
    ({ permission, id }) => permission === "full-control" && (id === owner || id === undefined),
  );
  if (isOwners && given.every(({ uri }) => uri === undefined)) return {};
  const headers: Record<string, string> = {};
  for (const { permission, id, uri } of given) {
    const grantee = uri === undefined ? `id="${id ?? ""}"` : `uri="${uri}"`;
    const name = `x-amz-grant-${permission}`;
    headers[name] = headers[name] === undefined ? grantee : `${headers[name]}, ${grantee}`;
  }
  return headers;
}
