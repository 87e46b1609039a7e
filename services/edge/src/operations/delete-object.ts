/** DeleteObject: the header goes with the object; a manifest beside it goes after it (format.md §7). */
import { checkHonoured } from "../backend-probe.ts";
import { companionToDelete, deleteCompanions } from "../companions.ts";
import { conditionsOf } from "../shown-etag.ts";
import { withSizeCondition } from "../size-condition.ts";
import type { Operation } from "./operation.ts";
import { passedAnswer, passedRequest } from "./pass-through.ts";

export const deleteObject: Operation = {
  name: "DeleteObject",
  method: "DELETE",
  level: "object",
  async run(request, rooms) {
    checkHonoured(request, rooms.honoured, "DELETE");
    const passed = passedRequest(request, { method: "DELETE" });
    const asked = { ...passed.headers, ...(await conditionsOf(request, rooms)) };
    const headers = await withSizeCondition(request, rooms, asked);
    const versionId = request.query.get("versionId");
    const companion = await companionToDelete(request, rooms, { key: request.key, versionId });
    const response = await rooms.backend.send({ ...passed, headers });
    const answer = await passedAnswer(response);
    // Behind a marker the object is still there.
    const isKept = versionId === undefined && response.headers["x-amz-delete-marker"] === "true";
    if (companion !== undefined && !isKept) await deleteCompanions(request, rooms, [companion]);
    return answer;
  },
};
