/** DeleteObject: the header goes with the object, so there is nothing else to clean. */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { checkHonoured } from "../backend-probe.ts";
import { s3Error } from "../s3/errors.ts";
import { conditionsOf } from "../shown-etag.ts";
import type { Operation } from "./operation.ts";
import { passedAnswer, passedRequest } from "./pass-through.ts";

export const deleteObject: Operation = {
  name: "DeleteObject",
  method: "DELETE",
  level: "object",
  async run(request, rooms) {
    refuseSizeCondition(request.headers);
    checkHonoured(request, rooms.honoured, "DELETE");
    const passed = passedRequest(request, { method: "DELETE" });
    const headers = { ...passed.headers, ...(await conditionsOf(request, rooms)) };
    return await passedAnswer(await rooms.backend.send({ ...passed, headers }));
  },
};

/** A condition of directory buckets. The backend would compare with the stored size. */
function refuseSizeCondition(headers: HeaderFields): void {
  if (headers["x-amz-if-match-size"] === undefined) return;
  throw s3Error("NotImplemented", {
    message: "x-amz-if-match-size is not available: the backend does not know the object's size.",
  });
}
