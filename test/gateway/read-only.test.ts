import assert from "node:assert/strict";
import { it } from "node:test";
import { BUCKET, runningGateway } from "./running-gateway.ts";

it("a gateway that is read-only for maintenance serves reads, and asks writers to come again", async () => {
  await using gateway = await runningGateway({ env: { READ_ONLY: "true" } });
  const path = `/${BUCKET}/cat`;
  for (const [method, where] of [
    ["PUT", path],
    ["DELETE", path],
    ["PUT", "/another-bucket"],
    ["POST", `/${BUCKET}`],
  ] as const) {
    const query = method === "POST" ? { query: "delete=" } : {};
    const body = method === "DELETE" ? {} : { body: "x" };
    const answer = await gateway.client.send(method, where, { ...body, ...query });
    assert.deepEqual(
      [answer.status, answer.code],
      [503, "ServiceUnavailable"],
      `${method} ${where}`,
    );
    assert.equal(answer.headers["retry-after"], "5");
    assert.match(answer.text, /read-only for maintenance/);
  }
  assert.equal((await gateway.client.send("GET", `/${BUCKET}`)).status, 200);
  assert.equal((await gateway.client.send("GET", path)).code, "NoSuchKey");
  const stranger = await gateway.client.send("PUT", path, { body: "x", secretKey: "wrong" });
  assert.equal(stranger.status, 403);
});
