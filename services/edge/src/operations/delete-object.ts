/** DeleteObject: the header goes with the object, so there is nothing else to clean. */
import { checkHonoured } from "../backend-probe.ts";
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
    return await passedAnswer(await rooms.backend.send({ ...passed, headers }));
  },
};
