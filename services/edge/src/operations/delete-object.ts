/** DeleteObject: the header goes with the object, so there is nothing else to clean. */

import type { Operation } from "./operation.ts";
import { passedAnswer, passedRequest } from "./pass-through.ts";

export const deleteObject: Operation = {
  name: "DeleteObject",
  method: "DELETE",
  level: "object",
  async run(request, { backend }) {
    return await passedAnswer(await backend.send(passedRequest(request, { method: "DELETE" })));
  },
};
