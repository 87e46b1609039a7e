/** HeadObject: size by arithmetic, ETag by mapping, metadata as stored. No key is needed (format.md §8). */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { contentRange, parseRange, resolveRange } from "@s3eg/shared/s3/range.ts";
import { plaintextSizeOfAnswer } from "../plaintext-size.ts";
import { objectConditions, rangeOf } from "../s3/conditions.ts";
import { answerHeaders, askingHeaders } from "../s3/headers.ts";
import { targetOf } from "../s3-request.ts";
import type { Operation, S3Answer } from "./operation.ts";

export const headObject: Operation = {
  name: "HeadObject",
  method: "HEAD",
  level: "object",
  async run(request, { backend }) {
    const { versionId, ...target } = targetOf(request);
    const response = await backend.send({
      method: "HEAD",
      ...target,
      query: [
        ...request.query.only((name) => name.startsWith("response-")),
        ...(versionId === undefined ? [] : [["versionId", versionId] as const]),
      ],
      headers: { ...askingHeaders(request.headers), ...objectConditions(request.headers) },
      requestId: request.id,
      signal: request.signal,
    });
    if (response.status !== 200) throw await backendFault(response);
    await response.text();
    const size = plaintextSizeOfAnswer(response.headers, request.policy.contents);
    const headers = { ...answerHeaders(response.headers), "accept-ranges": "bytes" };
    return answerOf(headers, size, rangeOf(request.headers));
  },
};

function answerOf(headers: HeaderFields, size: number, rangeHeader: string | undefined): S3Answer {
  const range = parseRange(rangeHeader);
  if (!range) return { status: 200, headers: { ...headers, "content-length": String(size) } };
  const part = resolveRange(range, size);
  return {
    status: 206,
    headers: {
      ...headers,
      "content-length": String(part.length),
      "content-range": contentRange(part, size),
    },
  };
}
