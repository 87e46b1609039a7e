/** GetObject. Bytes come backend → crypto → edge; each chunk is verified before any of it leaves. */
import { type ByteRange, openObject } from "@s3eg/shared/contracts/crypto.ts";
import { isFault } from "@s3eg/shared/faults.ts";
import type { Body } from "@s3eg/shared/http/body.ts";
import { contentRange, parseRange } from "@s3eg/shared/s3/range.ts";
import type { z } from "zod";
import { underIfRange } from "../if-range.ts";
import { retryIfChanged } from "../object-facts.ts";
import { rangeOf } from "../s3/conditions.ts";
import { answerHeaders, askingHeaders } from "../s3/headers.ts";
import { noSuchPart, partNumberOf } from "../s3/part-number.ts";
import { responseOverrides } from "../s3/response-overrides.ts";
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
  const range = part === undefined ? parseRange(rangeOf(request.headers)) : rangeOfPart(part);
  const head = {
    target: targetOf(request),
    place: placeOf(request),
    contents: request.policy.contents,
    ...(range ? { range } : {}),
    headers: { ...askingHeaders(request.headers), ...(await conditionsOf(request, rooms)) },
    query: responseOverrides(request),
  };
  const options = { requestId: request.id, signal: request.signal };
  let opened: { result: Opened; body: Body };
  try {
    opened = await rooms.crypto.download(openObject, head, options);
  } catch (error) {
    // An empty object has no byte to ask for, and still one part.
    if (part !== undefined && isFault(error, "crypto.invalid-range")) throw noSuchPart(part);
    return await notModified(error, request, rooms);
  }
  const { result, body } = opened;
  if (part !== undefined && part > 1) {
    body.destroy();
    throw noSuchPart(part);
  }
  const told = await toldOf(request, rooms, { ...result, isWhole: !range }).catch(
    (error: unknown) => {
      body.destroy(error);
      throw error;
    },
  );
  // Part 1 is all of the object: a partial answer that leaves nothing out.
  const isPartial = range !== undefined || (part === 1 && result.size > 0);
  return {
    status: isPartial ? 206 : 200,
    headers: {
      ...answerHeaders(result.headers),
      ...told,
      "accept-ranges": "bytes",
      ...(isPartial ? { "content-range": contentRange(result.range, result.size) } : {}),
    },
    body: { body, sizeBytes: result.range.length },
  };
}

/** Any part but the first is of no object here: its first byte tells whether there is an object at all. */
function rangeOfPart(part: number): ByteRange | undefined {
  return part === 1 ? undefined : { first: 0, last: 0 };
}
