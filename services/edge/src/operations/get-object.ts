/** GetObject. Bytes come backend → crypto → edge; each chunk is verified before any of it leaves. */
import { openObject } from "@s3eg/shared/contracts/crypto.ts";
import type { Body } from "@s3eg/shared/http/body.ts";
import { contentRange, parseRange } from "@s3eg/shared/s3/range.ts";
import type { z } from "zod";
import { keptForLater, readCached } from "../cached-read.ts";
import { underIfRange } from "../if-range.ts";
import { retryIfChanged } from "../object-facts.ts";
import { rangeOf } from "../s3/conditions.ts";
import { answerHeaders, askingHeaders } from "../s3/headers.ts";
import { partHeaders, partNumberOf } from "../s3/part-number.ts";
import { overridden, toldOverrides } from "../s3/response-overrides.ts";
import { placeOf, type S3Request, targetOf } from "../s3-request.ts";
import { conditionsOf, notModified, toldOf } from "../shown-etag.ts";
import type { Operation, Rooms, S3Answer } from "./operation.ts";

type Opened = z.infer<typeof openObject.result>;

export const getObject: Operation = {
  name: "GetObject",
  method: "GET",
  level: "object",
  run: (request, rooms) =>
    retryIfChanged(() => underIfRange(request, (asked) => get(asked, rooms))),
};

async function get(request: S3Request, rooms: Rooms): Promise<S3Answer> {
  const part = partNumberOf(request);
  const range = part === undefined ? parseRange(rangeOf(request.headers)) : undefined;
  const cached = await readCached(request, rooms, range);
  if (cached) return cached;
  const head = {
    target: targetOf(request),
    place: placeOf(request),
    contents: request.policy.contents,
    ...(range ? { range } : {}),
    ...(part === undefined ? {} : { part }),
    headers: { ...askingHeaders(request.headers), ...(await conditionsOf(request, rooms)) },
    query: toldOverrides(request),
  };
  const options = { requestId: request.id, signal: request.signal };
  let opened: { result: Opened; body: Body };
  try {
    opened = await rooms.crypto.download(openObject, head, options);
  } catch (error) {
    return await notModified(error, request, rooms);
  }
  const { result, body } = opened;
  const isWhole = !range && !result.part && result.range.length === result.size;
  const told = await toldOf(request, rooms, { ...result, isWhole }).catch((error: unknown) => {
    body.destroy(error);
    throw error;
  });
  // A part is a partial answer, also where it leaves nothing out; one without a byte has no range to be named.
  const isPartial = range !== undefined || (part !== undefined && result.range.length > 0);
  return {
    status: isPartial ? 206 : 200,
    headers: {
      ...answerHeaders(result.headers),
      ...overridden(request),
      ...told,
      ...partHeaders(request.headers, result.part),
      "accept-ranges": "bytes",
      ...(isPartial ? { "content-range": contentRange(result.range, result.size) } : {}),
    },
    body: {
      body: isWhole ? keptForLater(request, rooms, { opened: result, body }) : body,
      sizeBytes: result.range.length,
    },
  };
}
