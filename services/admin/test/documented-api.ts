/** The admin API of a gateway, known only from the document that it serves. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";

/** What lets in. */
export const TOKEN = "a-token-of-more-than-thirty-two-characters";

const Operation = z.object({
  parameters: z.array(z.object({ in: z.string(), name: z.string() })).default([]),
  responses: z.record(
    z.string(),
    z.object({ content: z.record(z.string(), z.object({ schema: z.json() })) }),
  ),
});
const Document = z.object({
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.object({ schemas: z.record(z.string(), z.json()) }),
});

/** An endpoint as the document has it. */
export interface DocumentedEndpoint {
  readonly method: string;
  readonly template: string;
  /** The template, its parameters filled with something. */
  readonly path: string;
  readonly responses: z.infer<typeof Operation>["responses"];
}

/** The admin API, for who knows nothing else. */
export interface AdminApi {
  readonly endpoints: readonly DocumentedEndpoint[];
  /** Sends a request with these headers, by default those of who has the token. */
  send(
    method: string,
    path: string,
    more?: { readonly body?: string; readonly headers?: Readonly<Record<string, string>> },
  ): Promise<AdminAnswer>;
  /** Throws unless an answer is as the document says. */
  conforms(endpoint: DocumentedEndpoint, answer: AdminAnswer): void;
}

/** An answer of the admin API. */
export interface AdminAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

/** Settings of a gateway with an admin API on a port that was free a moment ago. */
export async function adminEnv(): Promise<{ port: number; env: Record<string, string> }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return {
    port,
    env: {
      ADMIN_ENABLED: "true",
      ADMIN_ADDRESS: `127.0.0.1:${port}`,
      ADMIN_AUTH_TOKEN: TOKEN,
      ADMIN_ALLOW_INLINE_TOKEN: "1",
      ADMIN_RATE_LIMIT_RPM: "100000",
      ADMIN_PROFILING_ENABLED: "true",
      ADMIN_PROFILING_MAX_SECONDS: "1",
      ADMIN_PROFILING_MAX_CONCURRENT: "3",
    },
  };
}

/** Reads the document. */
export async function openAdminApi(port: number): Promise<AdminApi> {
  const send: AdminApi["send"] = async (method, path, { body, headers = AUTHORIZED } = {}) => {
    const sent = { method, headers, redirect: "manual", ...(body === undefined ? {} : { body }) };
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, sent as RequestInit);
    const contentType = (answer.headers.get("content-type") ?? "").split(";")[0] ?? "";
    return { status: answer.status, contentType, text: await answer.text() };
  };
  const served = await send("GET", "/admin/openapi.json");
  const { paths, components } = Document.parse(JSON.parse(served.text));
  const endpoints = Object.entries(paths).flatMap(([template, operations]) =>
    Object.entries(operations).map(([method, { responses }]) => {
      const path = template.replaceAll(/\{\w+\}/g, "0");
      return { method: method.toUpperCase(), template, path, responses };
    }),
  );
  const schemaOf = (schema: z.core.util.JSONType) =>
    z.fromJSONSchema({
      ...(JSON.parse(
        JSON.stringify(schema).replaceAll("#/components/schemas/", "#/$defs/"),
      ) as object),
      $defs: components.schemas,
    } as Parameters<typeof z.fromJSONSchema>[0]);
  return {
    endpoints,
    send,
    conforms({ method, path, responses }, { status, contentType, text }) {
      const what = `${method} ${path}: ${status} ${text.slice(0, 500)}`;
      const forms = Object.entries(responses[status]?.content ?? {});
      const form = forms.find(([type]) => type.split(";")[0] === contentType)?.[1];
      assert.ok(form, `${what} is not documented`);
      if (contentType !== "application/json") return;
      const parsed = schemaOf(form.schema).safeParse(JSON.parse(text));
      assert.ok(parsed.success, `${what}: ${parsed.error?.message}`);
    },
  };
}

const AUTHORIZED = { authorization: `Bearer ${TOKEN}` };
