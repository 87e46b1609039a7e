import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { endpoint, refused } from "../../src/endpoints/endpoint.ts";
import { openApiDocument, openApiEndpoint } from "../../src/endpoints/open-api.ts";
import { ask } from "./asked.ts";

const change = endpoint({
  method: "PUT",
  path: "/things/{id}",
  summary: "Change a thing",
  params: z.object({ id: z.string().max(8) }),
  query: z.strictObject({ times: z.coerce.number().int().min(1).default(1) }),
  body: z.strictObject({ name: z.string() }),
  answers: {
    200: { description: "changed", schema: z.object({ id: z.string() }) },
    404: refused("no such thing"),
  },
  handle: async ({ params }) => ({ status: 200, body: params }),
});
const plain = endpoint({
  method: "GET",
  path: "/plain",
  summary: "A text",
  answers: { 200: { description: "text", contentType: "text/plain" } },
  handle: async () => ({ status: 200, body: "text" }),
});

describe("the OpenAPI document", () => {
  it("tells of parameters, bodies and answers what the schemas say", () => {
    const document = openApiDocument([change, plain], "1.2.3");
    assert.equal(document.openapi, "3.1.0");
    assert.equal(document.info.version, "1.2.3");
    const { put } = document.paths["/things/{id}"] as Record<string, Record<string, unknown>>;
    assert.equal(put?.operationId, "put_things_id");
    assert.deepEqual(put?.parameters, [
      { name: "id", in: "path", required: true, schema: { type: "string", maxLength: 8 } },
      {
        name: "times",
        in: "query",
        required: false,
        schema: { type: "integer", minimum: 1, maximum: Number.MAX_SAFE_INTEGER, default: 1 },
      },
    ]);
    assert.deepEqual(put?.requestBody, {
      required: true,
      content: {
        "application/json": {
          schema: {
            type: "object",
            properties: { name: { type: "string" } },
            required: ["name"],
            additionalProperties: false,
          },
        },
      },
    });
    const responses = put?.responses as Record<string, unknown>;
    assert.deepEqual(Object.keys(responses), ["200", "400", "401", "404", "413", "429", "503"]);
    assert.deepEqual(responses[404], {
      description: "no such thing",
      content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
    });
    const { get } = document.paths["/plain"] as Record<string, Record<string, unknown>>;
    assert.deepEqual(get?.parameters, undefined);
    const texts = get?.responses as Record<string, unknown>;
    assert.deepEqual(texts[200], {
      description: "text",
      content: { "text/plain": { schema: { type: "string" } } },
    });
  });

  it("is served, with the endpoint that serves it in it", async () => {
    const { status, body } = await ask(
      [openApiEndpoint([change, plain], "1")],
      "GET /admin/openapi.json",
    );
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(body.paths as object), [
      "/things/{id}",
      "/plain",
      "/admin/openapi.json",
    ]);
  });
});
