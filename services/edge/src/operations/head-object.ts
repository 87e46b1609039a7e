/** HeadObject: size by arithmetic, ETag by mapping, metadata as stored. No key is needed unless policy or client ask for what only a key can tell (format.md §8). */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import type { ByteRange } from "@s3eg/shared/contracts/crypto.ts";
import { contentRange, parseRange, resolveRange } from "@s3eg/shared/s3/range.ts";
import { underIfRange } from "../if-range.ts";
import { retryIfChanged } from "../object-facts.ts";
import { plaintextSizeOfAnswer } from "../plaintext-size.ts";
import { rangeOf } from "../s3/conditions.ts";
import { answerHeaders, askingHeaders } from "../s3/headers.ts";
import { noSuchPart, partNumberOf } from "../s3/part-number.ts";
import { responseOverrides } from "../s3/response-overrides.ts";
import { type S3Request, targetOf } from "../s3-request.ts";
import { conditionsOf, notModified, toldOf } from "../shown-etag.ts";
import type { Operation, Rooms, S3Answer } from "./operation.ts";

export const headObject: Operation = {
  name: "HeadObject",
  method: "HEAD",
  level: "object",
  run: (request, rooms) =>
    retryIfChanged(() => underIfRange(request, (asked) => head(asked, rooms))),
};

async function head(request: S3Request, rooms: Rooms): Promise<S3Answer> {
  const part = partNumberOf(request);
  const { versionId, ...target } = targetOf(request);
  const response = await rooms.backend.send({
    method: "HEAD",
    ...target,
    query: [
      ...responseOverrides(request),
      ...(versionId === undefined ? [] : [["versionId", versionId] as const]),
    ],
    headers: { ...askingHeaders(request.headers), ...(await conditionsOf(request, rooms)) },
    requestId: request.id,
    signal: request.signal,
  });
  if (response.status !== 200) {
    return await notModified(await backendFault(response), request, rooms);
  }
  await response.text();
  const size = plaintextSizeOfAnswer(response.headers, request.policy.contents);
  const range = rangeOf(request.headers);
  const told = await toldOf(request, rooms, { headers: response.headers, isWhole: !range });
  const headers = { ...answerHeaders(response.headers), ...told, "accept-ranges": "bytes" };
  return answerOf(headers, size, part === undefined ? parseRange(range) : partOf(part, size));
}

/** All of the object for part 1; undefined where that is nothing. */
function partOf(part: number, size: number): ByteRange | undefined {
  if (part > 1) throw noSuchPart(part);
  return size > 0 ? { first: 0 } : undefined;
}

function answerOf(headers: HeaderFields, size: number, range: ByteRange | undefined): S3Answer {
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
