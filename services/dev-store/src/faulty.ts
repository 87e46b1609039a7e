/** How a planned fault is done to bodies and answers. */
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { Body } from "@s3eg/shared/http/body.ts";
import type { XmlNode } from "@s3eg/shared/s3/xml.ts";
import type { PlannedFault } from "./fault-switch.ts";
import type { S3Answer } from "./s3-request.ts";

const DEFAULT_DELAY_MS = 50;

/** Waits as long as a slow request has to. */
export async function delay(fault: PlannedFault | undefined): Promise<void> {
  if (fault?.kind === "slow") await sleep(fault.delayMs ?? DEFAULT_DELAY_MS);
}

/** The request's body with the fault in it. `cut` resets the connection. */
export function faultyUpload(body: Body, fault: PlannedFault | undefined, cut: () => void): Body {
  if (fault?.kind === "slow") return slowBody(body, fault);
  if (fault?.kind !== "cut-request") return body;
  return throwAfter(body, fault.afterBytes ?? 0, cut);
}

/** The answer with the fault in it. `cut` and `end` break the connection off. */
export function faultyAnswer(
  answer: S3Answer,
  fault: PlannedFault | undefined,
  connection: { cut: () => void; end: () => void },
): S3Answer {
  switch (fault?.kind) {
    case "wrong-etag":
      return wrongEtag(answer);
    case "slow":
      return withBody(answer, (body) => slowBody(body, fault));
    case "truncate":
      return truncated(answer, fault);
    case "cut-response":
      return withBody(answer, (body) => throwAfter(body, fault.afterBytes ?? 0, connection.cut));
    case "end-response":
      return withBody(answer, (body) => throwAfter(body, fault.afterBytes ?? 0, connection.end));
    default:
      return answer;
  }
}

function withBody(answer: S3Answer, change: (body: Body) => Body): S3Answer {
  const { bytes } = answer;
  return bytes?.body ? { ...answer, bytes: { ...bytes, body: change(bytes.body) } } : answer;
}

function truncated(answer: S3Answer, fault: PlannedFault): S3Answer {
  const { bytes } = answer;
  if (!bytes) return answer;
  const size = Math.min(bytes.size, fault.afterBytes ?? Math.max(0, bytes.size - 1));
  const { body } = bytes;
  return { ...answer, bytes: { size, ...(body ? { body: firstBytes(body, size) } : {}) } };
}

function wrongEtag(answer: S3Answer): S3Answer {
  const { headers, xml } = answer;
  return {
    ...answer,
    ...(headers?.etag === undefined ? {} : { headers: { ...headers, etag: WRONG_ETAG } }),
    ...(xml ? { xml: wrongEtagIn(xml) } : {}),
  };
}

const WRONG_ETAG = `"${"0".repeat(32)}"`;

function wrongEtagIn(node: XmlNode): XmlNode {
  if (node.name === "ETag") return { ...node, content: [WRONG_ETAG] };
  const content = node.content.map((part) => (typeof part === "string" ? part : wrongEtagIn(part)));
  return { ...node, content };
}

function slowBody(body: Body, fault: PlannedFault): Body {
  return {
    pump: (take) =>
      body.pump(async (piece) => {
        await delay(fault);
        await take(piece);
      }),
    destroy: (reason) => body.destroy(reason),
  };
}

function throwAfter(body: Body, afterBytes: number, breakOff: () => void): Body {
  let left = afterBytes;
  return {
    pump: (take) =>
      body.pump(async (piece) => {
        if (left > 0) await take(piece.subarray(0, left));
        left -= piece.byteLength;
        if (left > 0) return;
        // What was taken waits to be written until this turn ends.
        await nextTurn();
        breakOff();
        throw new Error("connection broken off on demand");
      }),
    destroy: (reason) => body.destroy(reason),
  };
}

function firstBytes(body: Body, size: number): Body {
  let left = size;
  return {
    pump: (take) =>
      body.pump(async (piece) => {
        if (left > 0) await take(piece.subarray(0, left));
        left -= piece.byteLength;
      }),
    destroy: (reason) => body.destroy(reason),
  };
}
