/** Asks endpoints as the listener would, and holds every answer to the schema that it is documented with. */
import assert from "node:assert/strict";
import type { SmallAnswer } from "@s3eg/shared/runtime/answer-server.ts";
import type { z } from "zod";
import { type Endpoint, ErrorBody } from "../../src/endpoints/endpoint.ts";
import { EndpointTable } from "../../src/endpoints/endpoint-table.ts";

/** An answer, its JSON read. */
interface Asked {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** `{}` where it is no JSON. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** Sends `METHOD /path?query` with a body to one of the endpoints. */
export async function ask(
  endpoints: readonly Endpoint[],
  what: string,
  sent: string | (() => Promise<string>) = "",
): Promise<Asked> {
  const [method = "", target = ""] = what.split(" ");
  const [path = "", query = ""] = target.split("?");
  const match = new EndpointTable(endpoints).match(method, path);
  if (!match.endpoint) return asked(match.answer, ErrorBody);
  const text = typeof sent === "string" ? async () => sent : sent;
  const from = { authorization: "", clientIp: "10.0.0.1", id: "admin-1" };
  const request = { method, path, query, ...from, text };
  const { answer } = await match.endpoint.respond(request, match.params);
  const form = match.endpoint.answers[answer.status];
  assert.ok(form !== undefined || [400, 413, 503].includes(answer.status), `${answer.status}`);
  if (form && "contentType" in form) {
    assert.equal(answer.headers?.["content-type"], form.contentType);
    return { status: answer.status, headers: { ...answer.headers }, body: {}, text: answer.body };
  }
  return asked(answer, form?.schema ?? ErrorBody);
}

function asked({ status, headers = {}, body: text }: SmallAnswer, schema: z.ZodType): Asked {
  const body = JSON.parse(text) as Record<string, unknown>;
  // Nothing is in the answer that the document does not tell of.
  assert.deepEqual(schema.parse(body), body);
  return { status, headers, body, text };
}
