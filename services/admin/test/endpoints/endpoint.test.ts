import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import { z } from "zod";
import { endpoint } from "../../src/endpoints/endpoint.ts";
import { ask } from "./asked.ts";

const echo = endpoint({
  method: "POST",
  path: "/things/{id}",
  summary: "Echo",
  params: z.object({ id: z.string().max(8) }),
  query: z.strictObject({ times: z.coerce.number().int().min(1).default(1) }),
  body: z.strictObject({ name: z.string().optional() }),
  answers: {
    200: {
      description: "what came",
      schema: z.object({ id: z.string(), times: z.number(), name: z.string().optional() }),
    },
  },
  handle: async ({ params, query, body }) => ({
    status: 200,
    body: { ...params, ...query, ...body },
  }),
});

function failing(error: Error) {
  const answers = { 200: { description: "never", contentType: "text/plain" } } as const;
  const handle = () => Promise.reject(error);
  return endpoint({ method: "GET", path: "/", summary: "Fail", answers, handle });
}

describe("an endpoint", () => {
  it("hands on parameters, query and body as their schemas read them", async () => {
    const { status, body } = await ask([echo], "POST /things/a%2Fb?times=3", '{"name":"n"}');
    assert.equal(status, 200);
    assert.deepEqual(body, { id: "a/b", times: 3, name: "n" });
    assert.deepEqual((await ask([echo], "POST /things/a")).body, { id: "a", times: 1 });
  });

  it("refuses with 400 whatever does not fit, and says what", async () => {
    for (const [what, body, why] of [
      ["POST /things/123456789", "", /path: id: /],
      ["POST /things/a?times=0", "", /query: times: /],
      ["POST /things/a?times=x", "", /query: times: /],
      ["POST /things/a?times=1&times=2", "", /query: times: /],
      ["POST /things/a?other=1", "", /query: .*other/],
      ["POST /things/a", "{", /body: it is no JSON/],
      ["POST /things/a", "[]", /body: /],
      ["POST /things/a", "null", /body: /],
      ["POST /things/a", '{"name":1}', /body: name: /],
      ["POST /things/a", '{"nome":""}', /body: .*nome/],
      ["POST /things/a", "[".repeat(16_000), /body: it is no JSON/],
    ] as const) {
      const refused = await ask([echo], what, body);
      assert.equal(refused.status, 400, `${what} ${body}`);
      assert.match(refused.text, /"code":"BadRequest"/);
      assert.match(refused.text, why);
    }
  });

  it("refuses a body that is too large with 413", async () => {
    const refused = await ask([echo], "POST /things/a", () =>
      Promise.reject(new Fault("limit.body-too-large", "request body is too large")),
    );
    assert.equal(refused.status, 413);
    assert.match(refused.text, /RequestTooLarge/);
  });

  it("does not fail for a client that breaks off", async () => {
    const gone = new Fault("client.gone", "request broke off");
    assert.equal((await ask([echo], "POST /things/a", () => Promise.reject(gone))).status, 400);
  });

  it("says 503 for what may pass, without its message, and throws bugs on", async () => {
    const away = failing(new Fault("bus.timeout", "hush"));
    const refused = await ask([away], "GET /");
    assert.equal(refused.status, 503);
    assert.match(refused.text, /bus\.timeout/);
    assert.doesNotMatch(refused.text, /hush/);
    await assert.rejects(ask([failing(new Error("a bug"))], "GET /"), /a bug/);
  });
});
