import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runningEdge } from "./running-edge.ts";

const CREATE = { method: "POST", path: "/photos/cat?uploads" };

describe("the front door", () => {
  it("answers uploads in parts unless they are switched off", async () => {
    await using open = await runningEdge();
    assert.notEqual((await open.send(CREATE)).code, "NotImplemented");
    const env = { SERVER_DISABLE_MULTIPART_UPLOADS: "true" };
    await using closed = await runningEdge({ env });
    assert.equal((await closed.send(CREATE)).code, "NotImplemented");
  });
});
