import assert from "node:assert/strict";
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import { dropOtherHeaders, setSecurityHeaders } from "../src/security-headers.ts";
import { runningEdge } from "./running-edge.ts";

const HSTS = "strict-transport-security";
const ALWAYS = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "content-security-policy": "frame-ancestors 'none'",
};

describe("security headers", () => {
  for (const [env, hsts] of [
    [{}, undefined],
    [{ SERVER_FORCE_HTTPS: "true" }, "max-age=31536000; includeSubDomains"],
  ] as const) {
    it(`are on objects, errors, broken answers and probes with ${JSON.stringify(env)}`, async () => {
      await using edge = await runningEdge({ env });
      const object = { method: "GET", path: "/photos/cat" };
      await edge.send({ ...object, method: "PUT", body: "meow" });
      const answers = [
        await edge.send(object),
        await edge.send({ method: "HEAD", path: "/photos/cat" }),
        await edge.sendUnsigned(object),
        await edge.sendUnsigned({ method: "GET", path: "/ready" }),
      ];
      edge.crypto.fault = new Fault("crypto.integrity", "chunk does not verify");
      answers.push(await edge.send(object));
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200, 403, 200, 500],
      );
      for (const { headers } of answers) {
        for (const [name, value] of Object.entries(ALWAYS)) assert.equal(headers[name], value);
        assert.equal(headers[HSTS], hsts);
      }
    });
  }

  it("stay where an answer becomes an error, and nothing else does", () => {
    const res = new ServerResponse(new IncomingMessage(new Socket()));
    setSecurityHeaders(res, true);
    res.setHeader("etag", '"a"');
    res.setHeader("content-length", 5);
    dropOtherHeaders(res);
    assert.deepEqual(res.getHeaderNames().toSorted(), [...Object.keys(ALWAYS), HSTS].toSorted());
  });
});
