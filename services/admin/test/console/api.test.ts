import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ApiError, openApi } from "../../src/console/api.js";

const DOCUMENT = {
  info: { version: "1.2.3" },
  paths: { "/admin/things": { get: {} }, "/admin/things/{id}/end": { post: {} } },
};

function gateway(answers: Readonly<Record<string, () => Response>>) {
  const asked: { target: string; options: RequestInit }[] = [];
  const fetch = async (target: string, options: RequestInit) => {
    asked.push({ target, options });
    const answer = answers[target] ?? (() => Response.json(DOCUMENT));
    return await Promise.resolve(answer());
  };
  return { asked, fetch };
}

describe("the admin API, as the console calls it", () => {
  it("is what its document says, and asked with the token", async () => {
    const { asked, fetch } = gateway({ "/admin/things?size=5": () => Response.json([1]) });
    const api = await openApi("secret-token", fetch);
    assert.equal(api.version, "1.2.3");
    assert.equal(api.has("GET", "/admin/things"), true);
    assert.equal(api.has("POST", "/admin/things"), false);
    const query = { size: "5", name: "", other: undefined };
    assert.deepEqual(await api.call("GET", "/admin/things", { query }), [1]);
    for (const { options } of asked) {
      assert.equal(new Headers(options.headers).get("authorization"), "Bearer secret-token");
    }
    assert.ok(asked.every(({ target }) => !target.includes("secret")));
  });

  it("is not asked for what the document does not have", async () => {
    const { asked, fetch } = gateway({});
    const api = await openApi("t", fetch);
    await assert.rejects(api.call("DELETE", "/admin/things"), { status: 404 });
    assert.equal(asked.length, 1);
  });

  it("gets names in paths so that they can't become other paths", async () => {
    const target = "/admin/things/a%2F..%2Fb/end";
    const { asked, fetch } = gateway({ [target]: () => Response.json({}) });
    const api = await openApi("t", fetch);
    await api.call("POST", "/admin/things/{id}/end", { params: { id: "a/../b" }, body: { x: 1 } });
    assert.equal(asked.at(-1)?.target, target);
    assert.equal(asked.at(-1)?.options.body, '{"x":1}');
  });

  it("says in words what went wrong", async () => {
    const problem = async (answer: () => Response) => {
      const { fetch } = gateway({ "/admin/openapi.json": answer });
      const error: unknown = await openApi("t", fetch).catch((cause: unknown) => cause);
      assert.ok(error instanceof ApiError);
      return [error.status, error.message, error.retryAfterMs];
    };
    const refusal = { error: { code: "X", message: "the key store is away" } };
    assert.deepEqual(await problem(() => Response.json(refusal, { status: 401 })), [
      401,
      "The gateway does not accept this token.",
      0,
    ]);
    const headers = { "retry-after": "60" };
    const [status, , retryAfterMs] = await problem(
      () => new Response("", { status: 429, headers }),
    );
    assert.deepEqual([status, retryAfterMs], [429, 60_000]);
    assert.deepEqual(await problem(() => Response.json(refusal, { status: 503 })), [
      503,
      "the key store is away",
      0,
    ]);
    assert.deepEqual(await problem(() => new Response("<html>", { status: 502 })), [
      502,
      "The gateway answered 502.",
      0,
    ]);
    const [none] = await problem(() => {
      throw new TypeError("network");
    });
    assert.equal(none, 0);
  });
});
