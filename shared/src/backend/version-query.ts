/** The query parameter that names a version of an object (S3 API, "Retrieving object versions"). */

/** As `BackendRequest.query` takes it; nothing where the newest version is meant. */
export function versionQuery(
  versionId: string | undefined,
): readonly (readonly [name: string, value: string])[] {
  return versionId === undefined ? [] : [["versionId", versionId]];
}
