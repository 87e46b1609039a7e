/** How transfers look on HTTP: `POST /v1/<path>`, JSON in these header fields, faults as JSON answers. */
import type { z } from "zod";
import { Fault, type FaultCode, fromWireFault, toWireFault } from "../faults.ts";

/** Before the path of every transfer. */
export const PATH_PREFIX = "/v1/";

/** The head of a transfer, from the asker. */
export const HEAD_HEADER = "x-s3eg-head";

/** Trailer of an upload, from the asker: what says that the body is whole. */
export const TAIL_HEADER = "x-s3eg-tail";

/** The result of a download, from the owner; an upload's result is the JSON body of the answer. */
export const RESULT_HEADER = "x-s3eg-result";

/** The S3 request id that the transfer belongs to. */
export const REQUEST_ID_HEADER = "x-s3eg-request-id";

/** The span that the transfer is part of (W3C Trace Context). */
export const TRACEPARENT_HEADER = "traceparent";

/** The asker's right to this transfer (`ticket.ts`). */
export const TICKET_HEADER = "x-s3eg-ticket";

/** The fault code of an answer that is a refusal; the body is the whole fault as JSON. */
export const FAULT_HEADER = "x-s3eg-fault";

/** The largest header block either side takes. */
export const MAX_HEADER_BYTES = 128 * 1024;

/** The largest JSON body of an answer. */
export const MAX_ANSWER_BYTES = 1024 * 1024;

/** One value as a header field: base64url of JSON. Throws a fault of that code if it would not fit into the header block. */
export function encodeField(value: unknown, tooLarge: "input.invalid" | "internal.bug"): string {
  const field = Buffer.from(JSON.stringify(value)).toString("base64url");
  if (field.length <= MAX_HEADER_BYTES - 8192) return field;
  throw new Fault(tooLarge, "head or result of a transfer is too large");
}

/** The value of a header field; undefined if it is absent or not base64url of JSON. */
export function decodeField(field: string | string[] | undefined): unknown {
  if (typeof field !== "string") return undefined;
  try {
    return JSON.parse(Buffer.from(field, "base64url").toString());
  } catch {
    return undefined;
  }
}

/** A value that fits its schema, or a fault of that code. */
export function parseAs<Value>(
  schema: z.ZodType<Value>,
  value: unknown,
  fault: { code: "input.invalid" | "internal.bug"; what: string },
): Value {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue ? `${issue.path.map(String).join(".") || "(all)"}: ${issue.message}` : "";
  throw new Fault(fault.code, `${fault.what} ${where}`);
}

/** A refusal as it is sent. */
export function encodeRefusal(error: unknown): { status: number; code: FaultCode; json: string } {
  const fault = toWireFault(error);
  return { status: statusOf(fault.code), code: fault.code, json: JSON.stringify(fault) };
}

/** The fault of a refusal; `transfer.broken` if the answer is none of ours. */
export function decodeRefusal(status: number, code: string | undefined, json: string): Fault {
  if (code === undefined) {
    return new Fault("transfer.broken", `worker answered ${status} and no fault`);
  }
  try {
    return fromWireFault(JSON.parse(json));
  } catch {
    return fromWireFault({ code, message: `worker answered ${code}` });
  }
}

/** For whoever looks at the wire: the code is what counts. */
function statusOf(code: FaultCode): number {
  if (code === "auth.denied") return 403;
  if (code === "internal.bug") return 500;
  return new Fault(code, "").isRetryable ? 503 : 422;
}
