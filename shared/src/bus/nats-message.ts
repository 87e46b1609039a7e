/** How questions and answers look on NATS: JSON payloads, and these headers. */
import { type MsgHdrs, headers as noHeaders } from "@nats-io/transport-node";
import { Fault, fromWireFault, toWireFault } from "../faults.ts";

/** The S3 request id that the question belongs to. */
export const REQUEST_ID_HEADER = "S3eg-Request-Id";

/** `Date.now()` value after which nobody waits for the answer. */
export const DEADLINE_HEADER = "S3eg-Deadline";

/** The span that a question or an announcement is part of (W3C Trace Context). */
export const TRACEPARENT_HEADER = "traceparent";

/** The fault code of an answer that is a refusal (the header that NATS tools show). */
const ERROR_CODE_HEADER = "Nats-Service-Error-Code";

/** The fault message of an answer that is a refusal, on one line. */
const ERROR_HEADER = "Nats-Service-Error";

/** The largest payload we send or take: what is larger is a transfer. */
export const MAX_PAYLOAD_BYTES = 128 * 1024;

/** Header fields of a message, read by exact name. An absent field reads as "". */
export interface MessageHeaders {
  get(name: string): string;
}

/** Whose mistake a payload is that cannot be sent or read: the asker's, or the answerer's. */
type PayloadFault = "input.invalid" | "internal.bug";

/** The JSON of a value; throws a fault of that code if it is beyond MAX_PAYLOAD_BYTES. */
export function encodePayload(value: unknown, code: PayloadFault, subject: string): string {
  const json = JSON.stringify(value);
  if (Buffer.byteLength(json) <= MAX_PAYLOAD_BYTES) return json;
  throw new Fault(code, `message on ${subject} is larger than ${MAX_PAYLOAD_BYTES} bytes`);
}

/** The value of a JSON payload; throws a fault of that code if it is none or too large. */
export function decodePayload(payload: Uint8Array, code: PayloadFault, subject: string): unknown {
  if (payload.byteLength > MAX_PAYLOAD_BYTES) {
    throw new Fault(code, `message on ${subject} is too large`);
  }
  try {
    return JSON.parse(
      Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString(),
    );
  } catch (cause) {
    throw new Fault(code, `message on ${subject} is not JSON`, { cause });
  }
}

/** The headers of a message. A value that is empty or absent is left out: it reads the same. */
export function encodeHeaders(
  fields: readonly (readonly [name: string, value: string | undefined])[],
): MsgHdrs {
  const headers = noHeaders();
  for (const [name, value] of fields) if (value) headers.set(name, value);
  return headers;
}

/** Request id and deadline of a question; `input.invalid` if either is missing or odd. */
export function decodeQuestionHeaders(
  headers: MessageHeaders | undefined,
  subject: string,
): { requestId: string; deadlineMs: number; traceparent?: string } {
  const requestId = headers?.get(REQUEST_ID_HEADER) ?? "";
  const deadlineMs = Number(headers?.get(DEADLINE_HEADER) || Number.NaN);
  if (requestId === "" || !Number.isSafeInteger(deadlineMs)) {
    throw new Fault("input.invalid", `message on ${subject} lacks request id or deadline`);
  }
  const traceparent = headers?.get(TRACEPARENT_HEADER);
  return { requestId, deadlineMs, ...(traceparent ? { traceparent } : {}) };
}

/** A refusal as it is sent: the header pair, and the whole fault as JSON. */
export function encodeFault(error: unknown): { headers: [string, string][]; payload: string } {
  const fault = toWireFault(error);
  const message = Buffer.from(fault.message.replaceAll(/\p{Cc}+/gu, " "))
    .subarray(0, 1024)
    .toString();
  const json = JSON.stringify(fault);
  return {
    headers: [
      [ERROR_CODE_HEADER, fault.code],
      [ERROR_HEADER, message],
    ],
    payload:
      json.length <= MAX_PAYLOAD_BYTES / 4
        ? json
        : JSON.stringify({ ...fault, message, details: {} }),
  };
}

/** The fault that an answer carries, or undefined if it is no refusal. */
export function decodeFault(
  headers: MessageHeaders | undefined,
  payload: Uint8Array,
): Fault | undefined {
  const code = headers?.get(ERROR_CODE_HEADER) ?? "";
  if (code === "") return undefined;
  try {
    return fromWireFault(decodePayload(payload, "internal.bug", "reply"));
  } catch {
    return fromWireFault({ code, message: headers?.get(ERROR_HEADER) });
  }
}
