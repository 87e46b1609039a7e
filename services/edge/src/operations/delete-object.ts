/** DeleteObject: the header goes with the object, so there is nothing else to clean. */
import { checkHonoured } from "../backend-probe.ts";
import { conditionsOf } from "../shown-etag.ts";
import type { Operation } from "./operation.ts";
import { passedAnswer, passedRequest } from "./pass-through.ts";

export const deleteObject: Operation = {
  name: "DeleteObject",
  method: "DELETE",
  level: "object",
  async run(request, rooms) {
    checkHonoured(request, rooms.honoured, "DELETE");
    const passed = passedRequest(request, { method: "DELETE" });
    const headers = { ...passed.headers, ...(await conditionsOf(request, rooms)) };
    return await passedAnswer(await rooms.backend.send({ ...passed, headers }));
  },
};
