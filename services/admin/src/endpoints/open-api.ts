/** The OpenAPI 3.1 document of the admin API, made from the endpoints themselves. */
import { z } from "zod";
import { type Endpoint, ErrorBody, endpoint } from "./endpoint.ts";

type Json = Readonly<Record<string, unknown>>;

const OpenApiDocument = z.looseObject({
  openapi: z.string(),
  info: z.looseObject({ title: z.string(), version: z.string() }),
  paths: z.record(z.string(), z.looseObject({})),
});

/** The endpoint that serves the document of `others` and of itself. */
export function openApiEndpoint(others: readonly Endpoint[], version: string): Endpoint {
  const self: Endpoint = endpoint({
    method: "GET",
    path: "/admin/openapi.json",
    summary: "This document",
    answers: { 200: { description: "OpenAPI 3.1", schema: OpenApiDocument } },
    handle: async () => ({ status: 200, body: document }),
  });
  const document = openApiDocument([...others, self], version);
  return self;
}

/** The document. Answers of the door (401, 429) and of the checks (400, 413, 503) are added to every endpoint that may give them. */
export function openApiDocument(
  endpoints: readonly Endpoint[],
  version: string,
): z.infer<typeof OpenApiDocument> {
  const paths: Record<string, Record<string, Json>> = {};
  for (const each of endpoints) {
    paths[each.path] = { ...paths[each.path], [each.method.toLowerCase()]: operation(each) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "S3 Encryption Gateway, admin API",
      version,
      description: "For operators. Every request needs the bearer token of `admin.auth`.",
    },
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
      schemas: { Error: jsonSchema(ErrorBody, "output") },
    },
  };
}

function operation(each: Endpoint): Json {
  const { method, path, summary, params, query, body, answers } = each;
  const parameters = [...parametersIn("path", params), ...parametersIn("query", query)];
  return {
    operationId: operationId(method, path),
    summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body ? { requestBody: requestBody(body) } : {}),
    responses: {
      ...(parameters.length > 0 || body ? { 400: refusal("the request is not valid") } : {}),
      401: refusal("no valid bearer token"),
      ...(body ? { 413: refusal("the body is larger than 16 KiB") } : {}),
      429: refusal("too many requests from this address"),
      503: refusal("something that is needed for it is away; try again"),
      ...Object.fromEntries(
        Object.entries(answers).map(([status, form]) => [status, response(form)]),
      ),
    },
  };
}

function response(form: Endpoint["answers"][number]): Json {
  const { description } = form;
  return "schema" in form
    ? { description, content: { "application/json": { schema: schemaOf(form.schema) } } }
    : { description, content: { [form.contentType]: { schema: { type: "string" } } } };
}

/** What is said of every error is said once. */
function schemaOf(schema: z.ZodType): Json {
  return schema === ErrorBody
    ? { $ref: "#/components/schemas/Error" }
    : jsonSchema(schema, "output");
}

function refusal(description: string): Json {
  return response({ description, schema: ErrorBody });
}

function requestBody(body: z.ZodType): Json {
  const required = !body.safeParse({}).success;
  return { required, content: { "application/json": { schema: jsonSchema(body, "input") } } };
}

function parametersIn(where: "path" | "query", schema: z.ZodObject | undefined): Json[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: "input" });
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: where,
    required: where === "path" || required.includes(name),
    schema: property,
  }));
}

function jsonSchema(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}

/** `GET /admin/mpu/list` → `get_admin_mpu_list`. */
function operationId(method: string, path: string): string {
  const words = path.split(/\W+/).filter((word) => word !== "");
  return [method.toLowerCase(), ...words].join("_");
}
