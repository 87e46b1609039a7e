/** DeleteObject. Deleting what is not there is a success. */
import { deleteGuard } from "../s3/conditions.ts";
import { type Operation, versionIdOf } from "../s3-request.ts";

/** `DELETE /bucket/key`. */
export const deleteObject: Operation = {
  name: "DeleteObject",
  method: "DELETE",
  on: "object",
  parameters: ["versionId"],
  async run(request, { store }) {
    const { key, headers } = request;
    const { versionId, isDeleteMarker } = await store.bucket(request.bucket).remove(key, {
      versionId: versionIdOf(request),
      guard: deleteGuard(headers["if-match"], key),
    });
    return {
      status: 204,
      headers: {
        "x-amz-version-id": versionId,
        "x-amz-delete-marker": isDeleteMarker ? "true" : undefined,
      },
    };
  },
};
