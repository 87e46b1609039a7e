/**
 * Some servers (versitygw among them) now and then answer a sound request on a kept connection with 400, as if they could not read it.
 * Such an answer says nothing about the request: it deserves a second try on a connection of its own.
 */
import { bodyOfBytes, collectBody } from "../http/body.ts";
import { lostExchange, type WireResponse } from "./carrier.ts";

const MAX_REFUSAL_BYTES = 4096;
const COMPLAINT = "occurred when parsing the HTTP request";

/** True if an answer looks like it could be one: cheap to ask for every answer. */
export function mayBeStale({ status, headers, isReused }: WireResponse): boolean {
  const length = Number(headers["content-length"] ?? MAX_REFUSAL_BYTES + 1);
  return isReused && status === 400 && length <= MAX_REFUSAL_BYTES;
}

/** The answer, to be used in place of `response`, or undefined if it is a stale refusal. Reads the body. */
export async function unlessStale(response: WireResponse): Promise<WireResponse | undefined> {
  const bytes = await collectBody(response.body, MAX_REFUSAL_BYTES, () =>
    lostExchange("answer", "answer of the backend is longer than its length"),
  );
  // The answer to a HEAD has no text to judge by; a second HEAD costs little.
  if (bytes.length === 0 || bytes.includes(COMPLAINT)) return undefined;
  return { ...response, body: bodyOfBytes(bytes) };
}
